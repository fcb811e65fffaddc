// Where time goes: buckets are what they say, marks become stages, and a validator sets them all.
#include <node/metrics/stages.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <node/metrics/process_use.hpp>
#include <node/metrics/stage_timer.hpp>
#include <node/runtime/thread_name.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>

namespace polis::node {
namespace {

std::uint64_t count_of(const TimeHistogram& times) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i <= TimeHistogram::kBuckets; ++i) {
        out += times.count(i);
    }
    return out;
}

Hash hash_of(std::uint8_t first, std::uint8_t last) {
    Hash out;
    out.data.front() = first;
    out.data.back() = last;
    return out;
}

TEST(TimeHistogram, has_bounds_that_grow_by_a_quarter_at_most) {
    EXPECT_EQ(TimeHistogram::bound_us(0), 4U);
    EXPECT_EQ(TimeHistogram::bound_us(TimeHistogram::kBuckets - 1), std::uint64_t{1} << 24);
    for (std::size_t i = 1; i < TimeHistogram::kBuckets; ++i) {
        const std::uint64_t before = TimeHistogram::bound_us(i - 1);
        EXPECT_GT(TimeHistogram::bound_us(i), before);
        EXPECT_LE(4 * TimeHistogram::bound_us(i), 5 * before);
    }
}

TEST(TimeHistogram, puts_each_time_between_its_bounds) {
    Random random(1);
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t us = random.next() >> random.below(64);
        const std::size_t bucket = TimeHistogram::bucket_of(us);
        ASSERT_LE(bucket, TimeHistogram::kBuckets);
        if (bucket < TimeHistogram::kBuckets) {
            EXPECT_LE(us, TimeHistogram::bound_us(bucket));
        }
        if (bucket > 0) {
            EXPECT_GT(us, TimeHistogram::bound_us(bucket - 1));
        }
    }
    EXPECT_EQ(TimeHistogram::bucket_of(UINT64_MAX), TimeHistogram::kBuckets);
}

TEST(TimeHistogram, counts_from_several_threads) {
    TimeHistogram times;
    std::array<std::thread, 4> threads;
    for (std::thread& thread : threads) {
        thread = std::thread([&times] {
            for (std::uint64_t us = 0; us < 1'000; ++us) {
                times.add(us, 2);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(count_of(times), 8'000U);
    EXPECT_EQ(times.sum_us(), 8U * 999 * 1'000 / 2);
}

struct Timed {
    std::uint64_t count(Stage stage) const { return count_of(times.of(stage)); }

    std::uint64_t sum_us(Stage stage) const { return times.of(stage).sum_us(); }

    StageTimes times;
    StageTimer timer{times};
};

TEST(StageTimer, measures_the_way_of_a_block_of_somebody_else) {
    Timed timed;
    const Hash block = hash_of(1, 1);
    timed.timer.mark(Mark::kShown, block, 100);
    timed.timer.mark(Mark::kShown, block, 110);  // again, in a later view
    timed.timer.mark(Mark::kComplete, block, 130);
    timed.timer.mark(Mark::kJudged, block, 180);
    timed.timer.mark(Mark::kAccepted, block, 181);
    timed.timer.mark(Mark::kWritingVote, {}, 182);
    timed.timer.mark(Mark::kVoteWritten, {}, 185);
    timed.timer.mark(Mark::kPrepared, block, 281);
    timed.timer.mark(Mark::kPrepared, block, 290);  // said again
    timed.timer.mark(Mark::kDecided, block, 481);
    timed.timer.mark(Mark::kApplying, block, 490);
    timed.timer.mark(ledger::ApplyStage::kExecuted, 500);
    timed.timer.mark(ledger::ApplyStage::kRooted, 520);
    timed.timer.mark(ledger::ApplyStage::kEncoded, 525);
    timed.timer.mark(ledger::ApplyStage::kWritten, 600);
    timed.timer.mark(Mark::kApplied, block, 700);
    const std::map<Stage, std::uint64_t> wanted{
        {Stage::kObtain, 30},
        {Stage::kJudge, 50},
        {Stage::kVote, 3},
        {Stage::kPrepare, 100},
        {Stage::kCommit, 200},
        {Stage::kExecute, 30},
        {Stage::kEncode, 5},
        {Stage::kPersist, 75},
        {Stage::kDeliver, 219}};
    for (std::size_t i = 0; i < kStages; ++i) {
        const auto stage = static_cast<Stage>(i);
        const auto want = wanted.find(stage);
        EXPECT_EQ(timed.count(stage), want == wanted.end() ? 0U : 1U) << text_of(stage).name;
        EXPECT_EQ(timed.sum_us(stage), want == wanted.end() ? 0U : want->second)
            << text_of(stage).name;
    }
}

TEST(StageTimer, counts_nothing_of_a_block_that_came_when_it_was_decided) {
    Timed timed;
    const Hash block = hash_of(1, 1);
    timed.timer.mark(Mark::kDecided, block, 10);
    timed.timer.mark(Mark::kApplied, block, 30);
    timed.timer.finalized(block, {hash_of(7, 0)});
    EXPECT_EQ(timed.count(Stage::kCommit), 0U);
    EXPECT_EQ(timed.count(Stage::kPool), 0U);
    EXPECT_EQ(timed.sum_us(Stage::kDeliver), 20U);
}

TEST(StageTimer, measures_one_in_64_transactions_in_the_mempool) {
    Timed timed;
    std::vector<Hash> txns;
    for (unsigned last = 0; last < 256; ++last) {
        txns.push_back(hash_of(9, static_cast<std::uint8_t>(last)));
        timed.timer.taken_in(txns.back(), 1'000);
        timed.timer.taken_in(txns.back(), 1'900);  // only the first time counts
    }
    timed.timer.admitted(txns.size(), 400, 1'000);
    const Hash mine = hash_of(1, 1);
    timed.timer.mark(Mark::kBuilding, {}, 1'400);
    timed.timer.mark(Mark::kBuilt, mine, 1'500);
    timed.timer.finalized(mine, txns);
    timed.timer.finalized(mine, txns);  // they wait no more
    EXPECT_EQ(timed.count(Stage::kPool), 4U);
    EXPECT_EQ(timed.sum_us(Stage::kPool), 4U * 500);
    EXPECT_EQ(timed.count(Stage::kAdmit), 256U);
    EXPECT_EQ(timed.sum_us(Stage::kAdmit), 256U * 600);
    EXPECT_EQ(timed.sum_us(Stage::kPropose), 100U);
}

/// A flood of blocks and transactions that never become final takes no more memory, and the newest
/// are still measured.
TEST(StageTimer, forgets_the_oldest) {
    Timed timed;
    Random random(3);
    std::vector<Hash> txns;
    for (std::size_t i = 0; i < StageTimer::kSamplesMax + 10; ++i) {
        Hash txn;
        random.fill(txn.data);
        txn.data.back() = 0;
        txns.push_back(txn);
        timed.timer.taken_in(txn, 1);
    }
    std::vector<Hash> blocks;
    for (std::size_t i = 0; i < StageTimer::kBlocksMax + 1; ++i) {
        blocks.push_back(hash_of(static_cast<std::uint8_t>(i), 1));
        timed.timer.mark(Mark::kShown, blocks.back(), 5);
    }
    timed.timer.mark(Mark::kComplete, blocks.back(), 6);
    EXPECT_EQ(timed.count(Stage::kObtain), 1U);
    timed.timer.finalized(blocks.front(), {txns.back()});  // forgotten
    EXPECT_EQ(timed.count(Stage::kPool), 0U);
    timed.timer.finalized(blocks.back(), txns);
    EXPECT_EQ(timed.count(Stage::kPool), StageTimer::kSamplesMax - 1);
}

/// Four validators: what all of them mark, in the order in which it comes for each block.
TEST(Marks, follow_each_block_from_its_proposal_to_its_end) {
    std::vector<std::pair<Mark, Hash>> marks;
    Validator::Options options;
    options.on_mark = [&marks](Mark mark, const Hash& block) { marks.emplace_back(mark, block); };
    testing::Network network(4, /*term_blocks=*/1'000, options);
    for (PeerId node = 0; node < 4; ++node) {
        const Bytes txn = testing::transfer(network.genesis(), 0, 1, 5, 0);
        network.input(node, SubmitTxn{txn, node});
    }
    ASSERT_TRUE(network.run_until([&network] { return network.all_at(Height{3}); }));
    const Hash block = network.log(0).finalized.front().head.block;
    std::map<Mark, int> seen;
    for (const auto& [mark, of] : marks) {
        if (of == block) {
            ++seen[mark];
        }
    }
    const std::map<Mark, int> wanted{
        {Mark::kBuilt, 1},
        {Mark::kShown, 3},
        {Mark::kComplete, 3},
        {Mark::kJudged, 3},
        {Mark::kAccepted, 5},  // its leader proposes it and votes for it
        {Mark::kPrepared, 4},
        {Mark::kDecided, 4},
        {Mark::kApplying, 4},
        {Mark::kApplied, 4}};
    EXPECT_EQ(seen, wanted);
    int writing = 0;
    for (const auto& [mark, of] : marks) {
        writing += mark == Mark::kWritingVote ? 1 : mark == Mark::kVoteWritten ? -1 : 0;
        EXPECT_TRUE(writing == 0 || writing == 1);
    }
    EXPECT_EQ(writing, 0);
}

/// Whoever measures changes nothing: the same network with and without marks decides the same.
TEST(Marks, change_nothing) {
    const auto head_of = [](const Validator::Options& options) {
        testing::Network network(4, /*term_blocks=*/5, options);
        network.run_for(3'000);
        return network.node(0).chain().head();
    };
    Validator::Options options;
    options.on_mark = [](Mark, const Hash&) {};
    EXPECT_EQ(head_of(options).block, head_of({}).block);
}

TEST(ProcessUse, adds_up_what_the_threads_of_a_pool_take) {
    std::vector<std::thread> threads;
    std::atomic<bool> done{false};
    std::atomic<int> named{0};
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&done, &named, i] {
            name_this_thread("spinner-" + std::to_string(i));
            named.fetch_add(1);
            while (!done.load()) {
            }
        });
    }
    while (named.load() < 2) {
    }
    ProcessUse use = process_use();
    while (use.thread_cpu_us["spinner"] < 20'000) {
        use = process_use();
    }
    done.store(true);
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_TRUE(use.thread_cpu_us.contains("main"));
    EXPECT_FALSE(use.thread_cpu_us.contains("spinner-0"));
    EXPECT_GE(use.cpu_us + 10'000, use.thread_cpu_us["spinner"]);
    EXPECT_GT(use.resident_bytes, 1U << 20);
    EXPECT_GT(use.open_files, 2U);
    EXPECT_GE(use.open_files_max, use.open_files);
    EXPECT_GT(use.switches_voluntary + use.switches_forced, 0U);
}

}  // namespace
}  // namespace polis::node
