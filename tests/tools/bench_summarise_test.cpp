// From what was seen of each transaction to the figures of a run.
#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tools/bench/summarise.hpp>

namespace polis::tools::bench {
namespace {

/// Four nodes, a block every 100 ms from 100 ms on, seen by node i after another i ms; transaction
/// i is due after 10 * i ms and stands in the next block that begins at least 50 ms later.
class SummariseTest : public testing::Test {
  protected:
    SummariseTest() {
        run_.setup.nodes = 4;
        for (std::uint64_t i = 0; i < 200; ++i) {
            times_.due_us.push_back(i * 10'000);
        }
        times_.load_us = 2'000'000;
        seen_.accepted_us.assign(200, kNever);
        seen_.succeeded.assign(200, false);
        seen_.failed.assign(200, false);
        seen_.arrivals.resize(4);
        for (std::uint64_t height = 1; height <= 22; ++height) {
            seen_.blocks.push_back({.height = Height{height}, .view = 0, .txns = {}});
            for (std::uint64_t node = 0; node < 4; ++node) {
                seen_.arrivals[node].emplace(Height{height}, height * 100'000 + node * 1'000);
            }
        }
        for (std::size_t i = 0; i < 200; ++i) {
            put(i, (times_.due_us[i] + 50'000) / 100'000 + 1);
        }
    }

    void put(std::size_t txn, std::uint64_t height) {
        seen_.accepted_us[txn] = times_.due_us[txn] + 2'000;
        seen_.succeeded[txn] = true;
        seen_.blocks[height - 1].txns.push_back(txn);
    }

    bench::Run& summary() {
        summarise(times_, seen_, run_);
        return run_;
    }

    LoadTimes times_;
    Driven seen_;
    bench::Run run_;
};

TEST_F(SummariseTest, counts_what_is_final_and_when) {
    const bench::Run& run = summary();
    EXPECT_EQ(run.counts.offered, 200U);
    EXPECT_EQ(run.counts.finalized, 200U);
    EXPECT_EQ(run.counts.unfinished, 0U);
    // Block 21 comes at 2,100 ms: what was due from 1,950 ms on is late.
    EXPECT_EQ(run.counts.in_time, 195U);
    EXPECT_DOUBLE_EQ(run.per_second, 97.5);
    EXPECT_EQ(run.latency.accepted.p50_us, 2'000U);
    EXPECT_GE(run.latency.first.p50_us, 50'000U);
    EXPECT_LE(run.latency.first.max_us, 150'000U);
    // The third of four nodes has a block 2 ms after the first.
    EXPECT_EQ(run.latency.quorum.max_us, run.latency.first.max_us + 2'000);
    EXPECT_EQ(run.blocks.count, 22U);
    EXPECT_EQ(run.blocks.txns_max, 10U);
    EXPECT_EQ(run.blocks.interval.p50_us / 1'000, 100U);
}

TEST_F(SummariseTest, adds_up_second_by_second) {
    const bench::Run& run = summary();
    std::uint64_t due = 0;
    std::uint64_t accepted = 0;
    std::uint64_t finalized = 0;
    for (const Second& second : run.seconds) {
        due += second.due;
        accepted += second.accepted;
        finalized += second.finalized;
    }
    EXPECT_EQ(due, 200U);
    EXPECT_EQ(accepted, 200U);
    EXPECT_EQ(finalized, 200U);
    EXPECT_EQ(run.seconds[0].due, 100U);
}

TEST_F(SummariseTest, a_stall_shows_as_latency_and_as_a_stall) {
    for (auto& node : seen_.arrivals) {
        for (std::uint64_t height = 10; height <= 22; ++height) {
            node[Height{height}] += 3'000'000;
        }
    }
    const bench::Run& run = summary();
    EXPECT_EQ(run.blocks.longest_stall_us, 3'100'000U);
    EXPECT_GT(run.latency.first.p50_us, 3'000'000U);
    EXPECT_LT(run.counts.in_time, 100U);
}

TEST_F(SummariseTest, what_failed_or_never_came_is_not_finalized) {
    seen_.succeeded[3] = false;
    seen_.failed[3] = true;
    seen_.succeeded[4] = false;
    const bench::Run& run = summary();
    EXPECT_EQ(run.counts.finalized, 198U);
    EXPECT_EQ(run.counts.failed, 1U);
    EXPECT_EQ(run.counts.unfinished, 1U);
    EXPECT_EQ(run.latency.first.count, 198U);
}

TEST_F(SummariseTest, a_quorum_that_never_had_a_block_has_no_latency) {
    seen_.arrivals[1].clear();
    seen_.arrivals[2].clear();
    const bench::Run& run = summary();
    EXPECT_EQ(run.latency.first.count, 200U);
    EXPECT_EQ(run.latency.quorum.count, 0U);
}

TEST_F(SummariseTest, views_that_failed_are_counted_by_certificates) {
    seen_.blocks[4].view = 2;
    seen_.blocks[9].view = 1;
    EXPECT_EQ(summary().blocks.view_changes, 3U);
}

TEST(AddLooks, extend_the_run_where_nodes_were_looked_at_for_longer) {
    bench::Run run;
    run.seconds = {{.at_s = 0, .due = 5}};
    add_looks({{.at_s = 0, .waiting = 7}, {.at_s = 1, .waiting = 8}, {.at_s = 2}}, run);
    ASSERT_EQ(run.seconds.size(), 3U);
    EXPECT_EQ(run.seconds[0].due, 5U);
    EXPECT_EQ(run.seconds[0].waiting, 7U);
    EXPECT_EQ(run.seconds[1].at_s, 1U);
}

TEST(Driven, ranks_nodes_by_when_they_had_a_block) {
    Random random(3, "ranks");
    for (int round = 0; round < 200; ++round) {
        Driven seen;
        std::vector<std::uint64_t> times;
        for (std::uint64_t i = random.between(1, 9); i > 0; --i) {
            seen.arrivals.emplace_back();
            if (random.below(4) > 0) {
                times.push_back(random.below(1'000));
                seen.arrivals.back().emplace(Height{5}, times.back());
            }
        }
        std::ranges::sort(times);
        for (std::size_t rank = 1; rank <= seen.arrivals.size(); ++rank) {
            EXPECT_EQ(
                seen.had_by(rank, Height{5}), rank <= times.size() ? times[rank - 1] : kNever);
        }
        EXPECT_EQ(seen.had_by(1, Height{6}), kNever);
    }
}

}  // namespace
}  // namespace polis::tools::bench
