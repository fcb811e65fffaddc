// The worker pool: every index exactly once for all counts and grains, results visible after run(),
// reuse, teardown. Meaningful under ThreadSanitizer: the tests write plain memory from all threads.
#include <core/worker_pool.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace polis {
namespace {

TEST(WorkerPool, covers_every_index_once) {
    for (const std::size_t threads : {0U, 1U, 2U, 4U}) {
        WorkerPool pool(threads);
        EXPECT_EQ(pool.thread_count(), std::max<std::size_t>(threads, 1));
        for (const std::size_t count : {0U, 1U, 2U, 7U, 64U, 1000U}) {
            for (const std::size_t grain : {1U, 3U, 64U, 5000U}) {
                std::vector<int> hits(count);
                pool.run(
                    count,
                    [&](std::size_t begin, std::size_t end) {
                        EXPECT_LT(begin, end);
                        EXPECT_LE(end - begin, grain);
                        for (std::size_t i = begin; i < end; ++i) {
                            ++hits[i];
                        }
                    },
                    grain);
                EXPECT_TRUE(std::ranges::all_of(hits, [](int hit) { return hit == 1; }));
            }
        }
    }
}

TEST(WorkerPool, many_short_runs_in_a_row) {
    WorkerPool pool(4);
    std::vector<std::uint64_t> sums(16);
    for (std::uint64_t round = 0; round < 5000; ++round) {
        pool.run(
            sums.size(),
            [&](std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                    sums[i] += round;  // visible to whichever thread takes the index next round
                }
            },
            1);
    }
    EXPECT_TRUE(std::ranges::all_of(sums, [](std::uint64_t sum) { return sum == 12'497'500; }));
}

TEST(WorkerPool, waits_for_the_last_chunk) {
    // The caller runs out of chunks while other threads still hold one.
    WorkerPool pool(4);
    for (int round = 0; round < 100; ++round) {
        std::vector<std::uint64_t> out(4);
        const auto work = [&](std::size_t begin, std::size_t) {
            volatile std::uint64_t value = begin;
            for (int i = 0; i < 200'000; ++i) {
                value = value * 6364136223846793005ULL + 1;
            }
            out[begin] = value | 1;
        };
        pool.run(out.size(), work, 1);
        ASSERT_TRUE(std::ranges::all_of(out, [](std::uint64_t value) { return value != 0; }));
    }
}

TEST(WorkerPool, ends_at_once_with_and_without_work) {
    for (int i = 0; i < 100; ++i) {
        WorkerPool pool(3);
        if (i % 2 == 0) {
            std::vector<int> out(8);
            pool.run(out.size(), [&](std::size_t begin, std::size_t) { out[begin] = 1; }, 1);
            EXPECT_EQ(std::accumulate(out.begin(), out.end(), 0), 8);
        }
    }
}

TEST(WorkerPool, a_huge_grain_does_not_overflow) {
    WorkerPool pool(2);
    std::size_t seen = 0;
    pool.run(5, [&](std::size_t begin, std::size_t end) { seen += end - begin; }, ~std::size_t{0});
    EXPECT_EQ(seen, 5U);
}

void run_inside_itself() {
    WorkerPool pool(1);
    const WorkerPool::Task nothing = [](std::size_t, std::size_t) {};
    pool.run(1, [&](std::size_t, std::size_t) { pool.run(1, nothing, 1); }, 1);
}

void run_without_grain() {
    WorkerPool pool(1);
    pool.run(1, [](std::size_t, std::size_t) {}, 0);
}

TEST(WorkerPoolDeathTest, breaking_the_contract_is_fatal) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(run_inside_itself(), "running_");
    EXPECT_DEATH(run_without_grain(), "grain > 0");
}

}  // namespace
}  // namespace polis
