// A store whose rows were changed: noticed on opening or on reading, never served.
// Method: the image of a small chain in memory; every row is damaged in turn, at sampled bytes,
// cut, emptied and lost, and all that can be asked is compared with the answers of the sound chain.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/block_rows.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::size_t kBlocks = 6;
const Address kStranger = nobody(0x5e);

/// What one question was answered: bytes, or the code of the error.
struct Answer {
    std::string question;
    Bytes bytes;
    std::optional<StoreErrc> error;
    bool found = true;
};

class Tamper : public ::testing::Test {
  protected:
    Tamper() {
        auto store = std::make_unique<MemoryStore>();
        const MemoryStore& memory = *store;
        const auto chain = must(Chain::create(std::move(store), world_genesis(4, 2), {}));
        hashes.push_back(chain->head().block);
        const Workload workload(3, 4, 5);
        for (std::size_t i = 0; i < kBlocks; ++i) {
            const CheckedBlock block = workload.next(chain->head(), chain->state());
            must(chain->apply(block, {.certificate = certificate_of(block)}));
            hashes.push_back(block.hash);
            for (const CheckedTxn& txn : block.txns) {
                ids.push_back(txn.id);
            }
        }
        const CheckedBlock voted = workload.next(chain->head(), chain->state());
        must(chain->persist_vote(Bytes{1, 2, 3}, &voted));
        pending = voted.hash;
        image = memory.image();
        head = chain->head();
        sound = ask(*chain);
    }

    static pbft::Certificate certificate_of(const CheckedBlock& block) {
        pbft::Certificate out;
        out.statement.height = block.header.height;
        out.statement.digest = block.hash;
        return out;
    }

    template <class T>
    static Answer answer(std::string question, const StoreResult<T>& result) {
        if (!result) {
            return {.question = std::move(question), .bytes = {}, .error = result.error().code};
        }
        return {.question = std::move(question), .bytes = codec::encode(*result), .error = {}};
    }

    template <class T>
    static Answer answer(std::string question, const StoreResult<std::optional<T>>& result) {
        if (result && !*result) {
            return {.question = std::move(question), .bytes = {}, .error = {}, .found = false};
        }
        return result
                   ? answer(std::move(question), StoreResult<T>(**result))
                   : answer(std::move(question), StoreResult<T>(std::unexpected(result.error())));
    }

    static StoreResult<std::optional<Bytes>> txn_bytes(const Chain& chain, const Hash& id) {
        POLIS_TRY(const auto stored, chain.txn(id));
        if (!stored) {
            return std::optional<Bytes>{};
        }
        Bytes bytes = codec::encode(stored->place);
        codec::encode_to(bytes, stored->txn);
        codec::encode_to(bytes, stored->receipt);
        return std::optional{bytes};
    }

    /// Everything that can be asked of the chain.
    std::vector<Answer> ask(const Chain& chain) const {
        std::vector<Answer> out;
        out.push_back(answer("head", StoreResult<Head>(chain.head())));
        out.push_back(answer("genesis", StoreResult<Hash>(chain.genesis())));
        out.push_back(answer("genesis source", chain.genesis_source()));
        for (std::uint64_t height = 0; height <= kBlocks; ++height) {
            const std::string at = " " + std::to_string(height);
            out.push_back(answer("block" + at, chain.block(Height{height})));
            out.push_back(answer("receipts" + at, chain.receipts(Height{height})));
            out.push_back(answer("certificate" + at, chain.certificate(Height{height})));
        }
        for (std::uint64_t term = 0; term <= kBlocks / world_params().term_blocks; ++term) {
            const auto link = chain.reader().term_link(Term{term});
            out.push_back(answer("link of term " + std::to_string(term), link));
        }
        out.push_back(answer("vote record", chain.vote_record()));
        out.push_back(answer("pending", chain.pending_block(pending)));
        for (const Hash& hash : hashes) {
            out.push_back(answer("height of " + to_hex(hash.view()), chain.height_of(hash)));
        }
        for (const Hash& id : ids) {
            out.push_back(answer("txn " + to_hex(id.view()), txn_bytes(chain, id)));
        }
        for (std::size_t i = 0; i < 5; ++i) {
            const Address& account = i < 4 ? actor(i).address : nobody(9);
            out.push_back(
                answer("index " + std::to_string(i), chain.account_txns(account, {}, 99)));
        }
        return out;
    }

    /// Opens the damaged image. Each answer must be the sound one, kCorrupt, or of an index row
    /// that was lost, nothing. @return whether the damage was noticed anywhere
    bool noticed(MemoryImage damaged, bool lost_index) const {
        const auto opened = Chain::open(std::make_unique<MemoryStore>(std::move(damaged)), {});
        if (!opened) {
            EXPECT_EQ(opened.error().code, StoreErrc::kCorrupt) << opened.error().context;
            return true;
        }
        bool any = false;
        const std::vector<Answer> answers = ask(**opened);
        for (std::size_t i = 0; i < sound.size(); ++i) {
            const Answer& now = answers[i];
            const bool same =
                !now.error && now.found == sound[i].found && now.bytes == sound[i].bytes;
            const bool short_index =
                lost_index && !now.error && (!now.found || now.question.starts_with("index"));
            if (!same && !short_index) {
                EXPECT_EQ(now.error, StoreErrc::kCorrupt) << now.question;
            }
            any = any || !same;
        }
        return any;
    }

    /// Rows whose loss is an answer of "not found". That of the vote record is one as well: who has
    /// none beside a chain with blocks signs nothing for a while.
    static bool is_index(ByteView key) {
        return std::string_view("ACHLPT").find(static_cast<char>(key[0])) !=
                   std::string_view::npos ||
               equal(key, rows::vote_key());
    }

    MemoryImage image;
    Head head;
    std::vector<Hash> hashes;
    std::vector<Hash> ids;
    Hash pending;
    std::vector<Answer> sound;
};

TEST_F(Tamper, the_image_has_rows_in_every_table) {
    std::set<char> tables;
    for (const auto& [key, value] : image) {
        tables.insert(static_cast<char>(key[0]));
    }
    EXPECT_EQ(tables, (std::set<char>{'A', 'B', 'C', 'H', 'L', 'M', 'P', 'R', 'S', 'T'}));
    EXPECT_FALSE(noticed(image, false));
}

TEST_F(Tamper, a_changed_byte_is_noticed_in_every_row) {
    for (const auto& [key, value] : image) {
        const std::size_t stride = std::max<std::size_t>(1, value.size() / 12);
        for (std::size_t at = 0; at < value.size(); at += stride) {
            for (const int mask : {0x01, 0x80, 0xff}) {
                MemoryImage damaged = image;
                std::uint8_t& byte = damaged[key][at];
                byte = static_cast<std::uint8_t>(byte ^ mask);
                ASSERT_TRUE(noticed(std::move(damaged), false))
                    << rows::describe_key(key) << " byte " << at;
            }
        }
    }
}

TEST_F(Tamper, a_row_of_another_length_is_noticed) {
    for (const auto& [key, value] : image) {
        for (const std::size_t size : {std::size_t{0}, value.size() - 1, value.size() + 1}) {
            MemoryImage damaged = image;
            damaged[key].resize(size);
            ASSERT_TRUE(noticed(std::move(damaged), false))
                << rows::describe_key(key) << " of " << size << " bytes";
        }
    }
}

TEST_F(Tamper, a_lost_row_is_noticed_or_an_index_knows_less) {
    for (const auto& [key, value] : image) {
        MemoryImage damaged = image;
        damaged.erase(key);
        ASSERT_TRUE(noticed(std::move(damaged), is_index(key))) << rows::describe_key(key);
    }
}

TEST_F(Tamper, a_row_under_another_ones_key_is_noticed) {
    for (auto row = image.begin(); row != image.end(); ++row) {
        const auto next = std::next(row);
        if (next == image.end() || next->first[0] != row->first[0] || next->second == row->second) {
            continue;
        }
        MemoryImage damaged = image;
        damaged[row->first] = next->second;
        ASSERT_TRUE(noticed(std::move(damaged), false)) << rows::describe_key(row->first);
    }
}

TEST_F(Tamper, a_row_that_moved_to_a_changed_key_is_noticed) {
    for (const auto& [key, value] : image) {
        for (std::size_t at = 0; at < key.size(); at += 3) {
            MemoryImage damaged = image;
            auto row = damaged.extract(key);
            row.key()[at] = static_cast<std::uint8_t>(row.key()[at] ^ 0x04);
            damaged.insert(std::move(row));
            ASSERT_TRUE(noticed(std::move(damaged), is_index(key)))
                << rows::describe_key(key) << " byte " << at;
        }
    }
}

TEST_F(Tamper, a_lost_state_record_is_described) {
    MemoryImage damaged = image;
    damaged.erase(damaged.lower_bound(Bytes{'S'}));
    const auto opened = Chain::open(std::make_unique<MemoryStore>(std::move(damaged)), {});
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, StoreErrc::kCorrupt);
    EXPECT_EQ(
        opened.error().context,
        "state records do not match the state root of block 6: " +
            std::to_string(head.records - 1) + " records found, " + std::to_string(head.records) +
            " expected");
}

TEST_F(Tamper, an_added_state_record_is_noticed) {
    MemoryStore store(image);
    const StateKey key = account_key(kStranger);
    const Account account{.balance = Amount{1}, .nonce = {}};
    WriteBatch batch;
    rows::put_state(batch, key.path(), key.bytes(), codec::encode(account));
    must(store.write(batch, Durability::kBuffered));
    EXPECT_TRUE(noticed(store.image(), false));
}

/// Rows of one moment and a head of another: what a half-applied block would look like.
TEST_F(Tamper, a_head_of_another_height_is_noticed) {
    auto store = std::make_unique<MemoryStore>(image);
    const MemoryStore& memory = *store;
    const auto chain = must(Chain::open(std::move(store), {}));
    must(chain->apply(block_on(
        chain->head(),
        {checked_txn(
            actor(0),
            Transfer{kStranger, Amount{1}},
            {.nonce = must(load_account(chain->state(), actor(0).address)).nonce.value})})));
    MemoryImage newer = memory.image();
    MemoryImage old_head = newer;
    old_head[rows::head_key()] = image[rows::head_key()];
    EXPECT_FALSE(Chain::open(std::make_unique<MemoryStore>(std::move(old_head)), {}).has_value());
    MemoryImage new_head = image;
    new_head[rows::head_key()] = newer[rows::head_key()];
    EXPECT_FALSE(Chain::open(std::make_unique<MemoryStore>(std::move(new_head)), {}).has_value());
}

/// Damage under an open chain is found when a record is fetched again, before it is used.
TEST_F(Tamper, a_record_changed_under_an_open_chain_is_noticed_when_fetched) {
    const StateKey key = account_key(actor(1).address);
    auto store = std::make_unique<MemoryStore>(image);
    MemoryStore& memory = *store;
    const auto chain = must(Chain::open(std::move(store), chain_options(0, Durability::kBuffered)));
    Bytes row = image.at(rows::state_key(key.path()));
    row.back() = static_cast<std::uint8_t>(row.back() ^ 1);
    WriteBatch batch;
    batch.put(rows::state_key(key.path()), row);
    must(memory.write(batch, Durability::kBuffered));
    const auto read = chain->state().get(key);
    ASSERT_FALSE(read.has_value());
    EXPECT_EQ(read.error().code, StoreErrc::kCorrupt);
    const CheckedTxn txn = checked_txn(actor(1), Transfer{kStranger, Amount{1}});
    const auto applied = chain->apply(block_on(chain->head(), {txn}));
    ASSERT_FALSE(applied.has_value());
    EXPECT_EQ(applied.error().code, StoreErrc::kCorrupt);
    EXPECT_EQ(chain->head(), head);
    const auto again = chain->apply(block_on(chain->head(), {}));
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, StoreErrc::kHalted);
}

}  // namespace
}  // namespace polis::ledger::testing
