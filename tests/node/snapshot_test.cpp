// Goal: a node keeps copies of its state for new nodes, and sync can read the ledger's formats.
// Method: a chain of a network, whose copies are compared with its blocks.

#include <ledger/store/snapshot.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include <consensus/checker.hpp>
#include <consensus/sync/snapshot_sync.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/block.hpp>
#include <ledger/restore.hpp>
#include <ledger/store/memory_store.hpp>
#include <node/validator/ledger_reader.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

using ledger::testing::must;

TEST(Snapshots, are_taken_when_asked_for_and_only_the_newest_are_kept) {
    Network network(4);
    std::vector<Height> taken;
    for (std::uint64_t height = 2; height <= 8; height += 2) {
        ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{height}); }));
        taken.push_back(must(network.node(0).take_snapshot()));
        EXPECT_EQ(taken.back(), network.node(0).chain().head().height);
    }
    taken.erase(taken.begin(), taken.end() - kSnapshotsKept);
    EXPECT_EQ(must(ledger::list_snapshots(network.store(0))), taken);
    const auto manifest = must(ledger::load_manifest(network.store(0), taken.back())).value();
    EXPECT_EQ(manifest.state_root, network.node(0).chain().head().state_root);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{12}); }));  // it goes on
}

TEST(Snapshots, are_taken_at_an_interval) {
    Validator::Options options;
    options.snapshot_interval = 3;
    Network network(4, 5, options);
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{11}); }));
    for (PeerId id = 0; id < 4; ++id) {
        const auto snapshots = must(ledger::list_snapshots(network.store(id)));
        ASSERT_EQ(snapshots.size(), kSnapshotsKept);
        EXPECT_EQ(snapshots[0], Height{6});
        EXPECT_EQ(snapshots[1], Height{9});
    }
}

TEST(Snapshots, are_read_as_the_ledger_wrote_them) {
    Network network(4);
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0)});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{3}); }));
    const Height height = must(network.node(0).take_snapshot());
    const SyncLedgerReader reader;

    const auto manifest = must(ledger::load_manifest(network.store(0), height)).value();
    const sync::ManifestFacts facts{
        manifest.height, manifest.block, manifest.state_root, manifest.chunks};
    EXPECT_EQ(reader.manifest_facts(codec::encode(manifest)), facts);
    EXPECT_EQ(reader.manifest_facts(Bytes{1, 2}), std::nullopt);

    for (std::uint64_t at = 1; at <= height.value; ++at) {
        ledger::Block block = must(network.node(0).chain().block(Height{at})).value();
        const ledger::Header& header = block.header;
        const sync::HeaderFacts expected{
            header.chain_id,
            header.height,
            header.term,
            header.parent,
            header.parent_state_root,
            header.committee,
            header.next_committee};
        EXPECT_EQ(reader.header_facts(codec::encode(header)), expected);
        EXPECT_EQ(reader.block_hash(codec::encode(block)), ledger::block_hash(header));
        block.txns.push_back(transfer_txn(network.genesis(), 2, 3, 1, 0));
        EXPECT_EQ(reader.block_hash(codec::encode(block)), std::nullopt);  // not of this header
    }
    EXPECT_EQ(reader.header_facts(Bytes{1, 2}), std::nullopt);
    EXPECT_EQ(reader.block_hash(Bytes{1, 2}), std::nullopt);
}

/// The chunks and the rest of a snapshot that was fetched and proved.
struct Fetched {
    std::optional<sync::SnapshotReady> ready;
    std::map<std::uint32_t, Bytes> chunks;
};

/// A stranger's sync against what node 0 answers.
class Newcomer {
  public:
    Newcomer(Network& network, PeerId self)
        : network_(network),
          self_(self),
          sync_(
              {.chain = network.genesis().state.params.chain_id,
               .term_blocks = network.genesis().state.params.term_blocks,
               .genesis = network.genesis().committee},
              checker_,
              reader_,
              std::nullopt,
              {.collect_ms = 1}) {}

    /// @return nothing if it did not end
    Fetched fetch() {
        perform(sync_.peer_joined(0, network_.now()));
        for (int round = 0; round < 1'000 && !fetched_.ready; ++round) {
            network_.run_for(5);
            for (const Bytes& mail : network_.take_mail(self_)) {
                const auto message = decode_wire(mail);
                if (const auto* answer = std::get_if<sync::SnapshotResponse>(&*message)) {
                    perform(sync_.answered(0, *answer, network_.now()));
                }
            }
            perform(sync_.tick(network_.now()));
        }
        return std::move(fetched_);
    }

  private:
    void perform(sync::SnapshotEffects effects) {
        for (sync::SnapshotEffect& effect : effects) {
            std::visit([this](auto& one) { on(one); }, effect);
        }
    }

    void on(const sync::AskSnapshot& effect) {
        network_.input(0, PeerBytes{self_, encode_wire(effect.request)});
    }

    void on(const sync::SnapshotChosen& effect) {
        perform(sync_.chunks_here(effect.offer.manifest, {}, network_.now()));
    }

    void on(sync::KeepChunk& effect) { fetched_.chunks[effect.index] = std::move(effect.bytes); }

    void on(sync::SnapshotReady& effect) { fetched_.ready = std::move(effect); }

    void on(const sync::Blame& effect) {
        ADD_FAILURE() << "blames node 0: " << sync::to_string(effect.fault);
    }

    Network& network_;
    const PeerId self_;
    consensus::PlainChecker checker_;
    const SyncLedgerReader reader_;
    sync::SnapshotSync sync_;
    Fetched fetched_;
};

TEST(Snapshots, are_proved_and_fetched_by_who_knows_only_the_genesis) {
    Network network(4, 3);
    network.input(0, SubmitTxn{transfer(network.genesis(), 0, 1, 5, 0)});
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{10}); }));
    const Height height = must(network.node(0).take_snapshot());
    const Hash root = network.node(0).chain().head().state_root;
    ASSERT_TRUE(network.run_until([&] { return network.all_at(Height{height.value + 2}); }));

    Newcomer newcomer(network, network.add_stranger());
    const Fetched fetched = newcomer.fetch();
    ASSERT_TRUE(fetched.ready.has_value());
    EXPECT_EQ(fetched.ready->offer.height, height);
    const auto block = codec::decode<ledger::Block>(fetched.ready->anchor.block.block);
    const auto next = codec::decode<ledger::Header>(fetched.ready->anchor.next_header);
    ASSERT_TRUE(block && next);
    auto chunk = fetched.chunks.begin();
    const auto chain = must(ledger::restore_chain(
        std::make_unique<ledger::MemoryStore>(),
        {.genesis = network.genesis().state, .block = *block, .next = *next},
        [&]() -> ledger::StoreResult<std::optional<Bytes>> {
            return chunk == fetched.chunks.end() ? std::optional<Bytes>{}
                                                 : std::optional{(chunk++)->second};
        },
        {}));
    EXPECT_EQ(chain->head().height, height);
    EXPECT_EQ(chain->head().state_root, root);
}

}  // namespace
}  // namespace polis::node::testing
