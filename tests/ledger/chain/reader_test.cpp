// Questions beside the thread that writes: every answer is of some whole block, and nothing of it
// changes afterwards. Method: readers ask without pause while a workload grows the chain.
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <ledger/chain.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr int kBlocks = 60;

struct Tally {
    std::uint64_t rounds = 0;
    std::uint64_t faults = 0;  ///< answers that do not fit together
    Height highest;
};

/// Asks about the newest block until told to stop.
Tally read_on(const ChainReader& reader, const Address& account, const std::atomic<bool>& stop) {
    Tally tally;
    while (!stop.load()) {
        const auto head = reader.head();
        const auto block = head ? reader.block(head->height) : std::unexpected(head.error());
        const auto receipts = head ? reader.receipts(head->height) : std::unexpected(head.error());
        LatestState state(reader);
        const bool whole = head && block && *block && receipts && *receipts &&
                           block_hash((*block)->header) == head->block &&
                           receipts_root(**receipts) == head->receipts_root &&
                           head->height >= tally.highest && load_account(state, account);
        tally.faults += whole ? 0U : 1U;
        tally.highest = head ? head->height : tally.highest;
        for (const Transaction& txn : whole ? (*block)->txns : std::vector<Transaction>{}) {
            const auto place = reader.txn(txn_id(codec::encode(txn)));
            tally.faults += place && (!*place || (*place)->place.height == head->height) ? 0U : 1U;
        }
        ++tally.rounds;
    }
    return tally;
}

void grow_beside_readers(std::unique_ptr<KeyValueStore> store) {
    const auto chain = must(Chain::create(
        std::move(store), world_genesis(), chain_options(4'096, Durability::kBuffered)));
    Workload workload{11, 6, 9};
    std::atomic<bool> stop{false};
    std::vector<Tally> tallies(2);
    std::vector<std::thread> threads;
    for (Tally& tally : tallies) {
        threads.emplace_back(
            [&chain, &stop, &tally] { tally = read_on(chain->reader(), actor(0).address, stop); });
    }
    for (int i = 0; i < kBlocks; ++i) {
        const CheckedBlock block = workload.next(chain->head(), chain->state());
        ASSERT_TRUE(chain->apply(block).has_value());
    }
    stop = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const Tally& tally : tallies) {
        EXPECT_EQ(tally.faults, 0U) << "in " << tally.rounds << " rounds";
    }
}

TEST(ChainReader, sees_whole_blocks_while_a_store_on_disk_is_written) {
    TempDir dir;
    grow_beside_readers(must(open_leveldb(dir.path() / "db", {.write_buffer_bytes = 64 << 10})));
}

TEST(ChainReader, sees_whole_blocks_while_a_store_in_memory_is_written) {
    grow_beside_readers(std::make_unique<MemoryStore>());
}

TEST(ChainReader, reads_the_records_that_the_tree_has) {
    const auto chain = must(Chain::create(
        std::make_unique<MemoryStore>(),
        world_genesis(),
        chain_options(4'096, Durability::kBuffered)));
    Workload workload{3, 6, 9};
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(chain->apply(workload.next(chain->head(), chain->state())).has_value());
    }
    LatestState state(chain->reader());
    for (const StateChange& record : world_genesis().records) {
        EXPECT_EQ(must(state.get(record.key)), must(chain->state().get(record.key)));
    }
    EXPECT_EQ(must(state.get(account_key(Address{}))), std::nullopt);
    EXPECT_EQ(must(chain->reader().head()), chain->head());
}

}  // namespace
}  // namespace polis::ledger::testing
