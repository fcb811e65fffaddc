// verify finds whatever was changed in a stored chain, by accident or by somebody who knows the
// format: every tampered row below carries a correct seal.
#include <tools/verify/replay.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include <consensus/pbft/certificate.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/random.hpp>
#include <genesis/dev_keys.hpp>
#include <genesis/devnet.hpp>
#include <ledger/account.hpp>
#include <ledger/state/tree.hpp>
#include <ledger/store/state_rows.hpp>
#include <tests/tools/chain_fixture.hpp>
#include <tools/verify/supply.hpp>

namespace polis::tools::testing {
namespace {

namespace rows = ledger::rows;
using ledger::Block;
using ledger::Chain;
using ledger::Head;
using ledger::MemoryImage;

/// Past height 30, where what was unbonded first is withdrawn.
constexpr std::uint64_t kHeight = 32;

const MemoryImage& honest() {
    static const MemoryImage image = chain_image(kHeight);
    return image;
}

Result<ReplaySummary, ReplayFault> replay_image(const MemoryImage& image, std::size_t threads = 1) {
    const auto chain = open_image(image);
    if (!chain) {
        return std::unexpected(ReplayFault{});
    }
    return replay(*chain, {.threads = threads, .on_block = {}});
}

ReplayFault fault_of(const MemoryImage& image) {
    const auto summary = replay_image(image);
    EXPECT_FALSE(summary.has_value());
    return summary ? ReplayFault{} : summary.error();
}

Bytes sealed(const Bytes& key, ByteView value) {
    Bytes out = to_bytes(value);
    append(out, rows::seal_of(key, value));
    return out;
}

/// Replaces the sealed value of type T under a key.
template <class T>
void edit(MemoryImage& image, const Bytes& key, const std::function<void(T&)>& change) {
    const auto before = rows::unseal(key, image.at(key));
    ASSERT_TRUE(before.has_value());
    auto value = codec::decode<T>(*before);
    ASSERT_TRUE(value.has_value());
    change(*value);
    image[key] = sealed(key, codec::encode(*value));
}

void replace(MemoryImage& image, const Bytes& key, std::string_view text) {
    image[key] = sealed(key, as_bytes(text));
}

TEST(Replay, accepts_what_execution_gives) {
    std::uint64_t calls = 0;
    const auto chain = open_image(honest());
    const auto summary =
        replay(*chain, {.threads = 3, .on_block = [&calls](const ReplayProgress& progress) {
                            EXPECT_EQ(progress.height.value, ++calls);
                            EXPECT_EQ(progress.head.value, kHeight);
                        }});
    ASSERT_TRUE(summary.has_value()) << describe(summary.error());
    EXPECT_EQ(calls, kHeight);
    EXPECT_EQ(summary->height.value, kHeight);
    EXPECT_EQ(summary->block, chain->head().block);
    EXPECT_EQ(summary->state_root, chain->head().state_root);
    EXPECT_EQ(summary->genesis, chain->genesis());
    EXPECT_EQ(summary->rows, honest().size());
    EXPECT_GT(summary->txns, kHeight * 5);
}

TEST(Replay, accepts_a_chain_of_block_0_only) {
    const MemoryImage image = chain_image(0);
    const auto summary = replay_image(image);
    ASSERT_TRUE(summary.has_value()) << describe(summary.error());
    EXPECT_EQ(summary->rows, image.size());
}

TEST(Replay, does_not_mind_snapshots) {
    MemoryImage image = honest();
    image[rows::snapshot_manifest_key(Height{4})] = Bytes{1};
    image[rows::snapshot_chunk_key(Height{4}, 0)] = Bytes{2};
    EXPECT_TRUE(replay_image(image).has_value());
}

TEST(Replay, does_not_mind_what_only_this_node_has) {
    MemoryImage image = honest();
    image[rows::vote_key()] = sealed(rows::vote_key(), Bytes{1, 2});
    const Bytes pending = rows::pending_key(Height{kHeight + 1}, Hash{});
    image[pending] = sealed(pending, Bytes{3});
    const auto summary = replay_image(image);
    ASSERT_TRUE(summary.has_value()) << describe(summary.error());
    EXPECT_EQ(summary->rows, honest().size());
}

/// The certificate of a block of the devnet, signed by the first `signers` of its committee.
pbft::Certificate certificate_of(const Chain& chain, Height height, std::size_t signers) {
    const auto schedule = open_image(chain_image(0))->schedule();
    const auto& committee = schedule.value().current;
    pbft::Certificate out;
    out.statement = {
        .chain = committee.chain,
        .term = committee.term,
        .height = height,
        .view = {},
        .phase = pbft::Phase::kCommit,
        .digest = block_hash(chain.block(height).value().value().header)};
    out.signers = Bytes((committee.size() + 7) / 8);
    for (std::size_t i = 0; i < signers; ++i) {
        for (std::size_t key = 0; key < committee.size(); ++key) {
            const auto signing = genesis::dev_consensus_key(genesis::kDevSeed, key);
            if (signing.public_key() == committee.members[i].consensus_key) {
                out.signers[i / 8] = static_cast<std::uint8_t>(out.signers[i / 8] | (1U << i % 8));
                out.signatures.push_back(signing.sign(signing_hash(out.statement).view()));
            }
        }
    }
    EXPECT_EQ(out.signatures.size(), signers);
    return out;
}

TEST(Replay, checks_certificates_where_they_are) {
    const auto chain = open_image(honest());
    const Height height{5};
    const Bytes key = rows::certificate_key(height);
    const auto replayed = [&](const pbft::Certificate& certificate) {
        MemoryImage image = honest();
        image[key] = sealed(key, codec::encode(certificate));
        return replay_image(image);
    };
    const pbft::Certificate good = certificate_of(*chain, height, 3);
    const auto summary = replayed(good);
    ASSERT_TRUE(summary.has_value()) << describe(summary.error());
    EXPECT_EQ(summary->rows, honest().size() + 1);
    pbft::Certificate forged = good;
    forged.signatures[0].data[1] ^= 1;
    for (const pbft::Certificate& bad :
         {forged, certificate_of(*chain, height, 2), certificate_of(*chain, Height{6}, 3)}) {
        const auto refused = replayed(bad);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().what, "certificate");
        EXPECT_EQ(refused.error().height, height);
    }
}

TEST(Replay, accepts_a_transaction_that_stands_in_two_blocks) {
    const auto chain = open_image(chain_image(2));
    const Block first = chain->block(Height{1}).value().value();
    std::vector<ledger::CheckedTxn> again{check(first.txns[0], chain->rules()).value()};
    const ledger::BlockPlan plan{
        .chain_id = chain->params().chain_id,
        .time = TimeMs{chain->head().time.value + 1},
        .proposer = {}};
    const auto applied = chain->apply(make_block(chain->head(), plan, std::move(again)));
    ASSERT_TRUE(applied.has_value());
    ASSERT_EQ(applied->receipts.front().status, ledger::TxnStatus::kBadNonce);
    const auto summary = replay_image(image_of(*chain));
    EXPECT_TRUE(summary.has_value()) << describe(summary.error());
}

TEST(Replay, finds_a_changed_receipt) {
    MemoryImage image = honest();
    edit<std::vector<ledger::Receipt>>(
        image, rows::receipts_key(Height{5}), [](auto& list) { ++list[0].fee.value; });
    const ReplayFault fault = fault_of(image);
    EXPECT_EQ(fault.height, Height{5});
    EXPECT_EQ(fault.what, "receipts root");
    EXPECT_NE(fault.expected, fault.found);
}

TEST(Replay, names_the_height_whose_root_a_header_contradicts) {
    MemoryImage image = honest();
    edit<Block>(image, rows::block_key(Height{6}), [](Block& block) {
        block.header.parent_state_root.data[0] ^= 1;
    });
    const ReplayFault fault = fault_of(image);
    EXPECT_EQ(fault.height, Height{5});
    EXPECT_EQ(fault.what, "state root");
}

TEST(Replay, finds_a_broken_link) {
    MemoryImage image = honest();
    edit<Block>(image, rows::block_key(Height{6}), [](Block& block) { ++block.header.view.value; });
    const ReplayFault fault = fault_of(image);
    EXPECT_EQ(fault.height, Height{6});  // its own rows are compared before the next header
    EXPECT_EQ(describe(fault).find("height 6: row "), 0U) << describe(fault);
}

TEST(Replay, finds_a_missing_block) {
    MemoryImage image = honest();
    image.erase(rows::block_key(Height{9}));
    const ReplayFault fault = fault_of(image);
    EXPECT_EQ(fault.height, Height{9});
    EXPECT_NE(fault.found.find("missing"), std::string::npos) << describe(fault);
}

/// Rewrites the last block as somebody would who can compute hashes but not sign.
TEST(Replay, finds_a_forged_signature) {
    MemoryImage image = honest();
    const Bytes key = rows::block_key(Height{kHeight});
    Hash forged;
    edit<Block>(image, key, [&forged](Block& block) {
        block.txns[0].signature.data[5] ^= 1;
        std::vector<Hash> ids;
        for (const ledger::Transaction& txn : block.txns) {
            ids.push_back(ledger::txn_id(codec::encode(txn)));
        }
        block.header.txn_root = ledger::txn_root(ids);
        forged = block_hash(block.header);
    });
    edit<Head>(image, rows::head_key(), [&forged](Head& head) { head.block = forged; });
    const ReplayFault fault = fault_of(image);
    EXPECT_EQ(fault.height, Height{kHeight});
    EXPECT_EQ(fault.what, "signature");
}

/// Root of the state rows of an image.
Hash root_of(const MemoryImage& image) {
    const ledger::MemoryStore store(image);
    const ledger::StateRows source(store);
    ledger::StateTree tree(source, {});
    const auto added = source.visit([&tree](const rows::StateRow& row) {
        const std::vector<ledger::state::Leaf> leaf{
            {.path = row.path, .hash = {}, .value = to_bytes(row.value)}};
        return tree.append(leaf);
    });
    EXPECT_TRUE(added.has_value());
    return tree.root();
}

TEST(Replay, finds_coins_from_nowhere_although_the_head_agrees) {
    MemoryImage image = honest();
    const Address rich =
        crypto::address_of(genesis::dev_account_key(genesis::kDevSeed, 3).public_key());
    const ledger::StateKey key = ledger::account_key(rich);
    ledger::WriteBatch batch;
    rows::put_state(
        batch,
        key.path(),
        key.bytes(),
        codec::encode(ledger::Account{.balance = Amount{1}, .nonce = Nonce{1}}));
    apply_batch(image, batch);
    const Hash root = root_of(image);
    edit<Head>(image, rows::head_key(), [&root](Head& head) { head.state_root = root; });
    const ReplayFault fault = fault_of(image);
    EXPECT_EQ(fault.height, Height{kHeight});
    EXPECT_EQ(fault.what, "state root");
    const auto audit = audit_supply(*open_image(image));
    ASSERT_TRUE(audit.has_value());
    EXPECT_FALSE(audit->adds_up());
}

TEST(Replay, finds_index_rows_that_are_wrong_missing_or_too_many) {
    const Hash id = [] {
        const Block block = open_image(honest())->block(Height{4}).value().value();
        return ledger::txn_id(codec::encode(block.txns[1]));
    }();
    MemoryImage wrong = honest();
    wrong[rows::txn_key(id)] = codec::encode(rows::TxnPlace{Height{4}, 0});
    EXPECT_EQ(fault_of(wrong).height, Height{4});
    MemoryImage later = honest();
    later[rows::txn_key(id)] = codec::encode(rows::TxnPlace{Height{7}, 0});
    EXPECT_EQ(fault_of(later).what, "row " + rows::describe_key(rows::txn_key(id)));
    MemoryImage missing = honest();
    missing.erase(rows::txn_key(id));
    EXPECT_EQ(fault_of(missing).found, "nothing");
    MemoryImage more = honest();
    more[rows::txn_key(Hash{})] = codec::encode(rows::TxnPlace{Height{4}, 0});
    EXPECT_EQ(fault_of(more).what, "number of rows");
}

TEST(Replay, finds_another_genesis) {
    MemoryImage other = honest();
    replace(other, rows::genesis_key(), genesis::devnet_toml({.accounts = 9}));
    EXPECT_EQ(fault_of(other).what, "genesis hash");
    MemoryImage garbage = honest();
    replace(garbage, rows::genesis_key(), "x = [");
    EXPECT_EQ(fault_of(garbage).what, "genesis");
    MemoryImage renamed = honest();  // comments mean nothing: it is the same genesis
    replace(renamed, rows::genesis_key(), genesis::devnet_toml({}) + "# more\n");
    EXPECT_TRUE(replay_image(renamed).has_value());
}

/// Whatever byte of whatever row changes, and however the row is sealed, it is found: by the row's
/// seal or by the comparison, and by no means accepted.
TEST(Replay, finds_any_changed_byte) {
    const MemoryImage small = chain_image(4);
    Random random(11);
    for (int i = 0; i < 400; ++i) {
        MemoryImage image = small;
        auto row = image.begin();
        std::advance(row, random.below(image.size()));
        if (row->first == rows::genesis_key() || row->second.empty()) {
            continue;  // comments of the preset mean nothing
        }
        row->second[random.below(row->second.size())] ^=
            static_cast<std::uint8_t>(1U << random.below(8));
        auto chain = Chain::open(std::make_unique<ledger::MemoryStore>(image), Chain::Options{});
        if (chain) {
            EXPECT_FALSE(replay(**chain, {.threads = 1, .on_block = {}}).has_value())
                << rows::describe_key(row->first);
        }
    }
}

TEST(Supply, adds_up_after_every_kind_of_transaction) {
    const auto chain = open_image(honest());
    const auto audit = audit_supply(*chain);
    ASSERT_TRUE(audit.has_value()) << audit.error().context;
    EXPECT_TRUE(audit->adds_up());
    EXPECT_EQ(audit->recorded, Amount{10'040'000'000'000'000});
    EXPECT_EQ(audit->validators, 4U);
    EXPECT_GT(audit->unbonding, 0U);
    EXPECT_GT(audit->accounts, 10U);
}

}  // namespace
}  // namespace polis::tools::testing
