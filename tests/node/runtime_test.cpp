// What carries work between the threads of a node: bounds hold, order holds, nothing is lost and
// everything ends.
#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <node/drivers/in_flight.hpp>
#include <node/runtime/channel.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/job_pool.hpp>

namespace polis::node {
namespace {

using TwoLanes = Channel<int, 2>;
constexpr std::array<LaneLimits, 2> kSmall{
    LaneLimits{.count_max = 3, .bytes_max = 100}, LaneLimits{.count_max = 100, .bytes_max = 100}};

TEST(Channel, takes_lower_lanes_first_and_each_in_order) {
    TwoLanes channel(kSmall);
    EXPECT_TRUE(channel.push(1, 10, 1));
    EXPECT_TRUE(channel.push(1, 11, 1));
    EXPECT_TRUE(channel.push(0, 1, 1));
    EXPECT_TRUE(channel.push(0, 2, 1));
    for (const int expected : {1, 2, 10, 11}) {
        EXPECT_EQ(channel.try_pop(), expected);
    }
    EXPECT_EQ(channel.try_pop(), std::nullopt);
}

TEST(Channel, refuses_what_is_over_the_count_or_the_bytes_of_a_lane) {
    TwoLanes channel(kSmall);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(channel.push(0, std::move(i), 0));
    }
    EXPECT_FALSE(channel.push(0, 3, 0));
    EXPECT_TRUE(channel.push(1, 4, 60));
    EXPECT_FALSE(channel.push(1, 5, 41));
    EXPECT_TRUE(channel.push(1, 6, 40));
    EXPECT_EQ(channel.bytes(1), 100U);
    for (int i = 0; i < 4; ++i) {
        EXPECT_TRUE(channel.try_pop());
    }
    EXPECT_EQ(channel.bytes(1), 40U);
}

TEST(Channel, lets_one_item_through_that_is_larger_than_its_lane) {
    TwoLanes channel(kSmall);
    EXPECT_TRUE(channel.push(0, 1, 1'000));
    EXPECT_FALSE(channel.push(0, 2, 1));
    EXPECT_EQ(channel.try_pop(), 1);
    EXPECT_TRUE(channel.push(0, 2, 1));
}

TEST(Channel, a_refused_item_stays_with_its_owner) {
    Channel<std::unique_ptr<int>, 1> channel({LaneLimits{.count_max = 0, .bytes_max = 0}});
    auto item = std::make_unique<int>(7);
    EXPECT_FALSE(channel.push(0, std::move(item), 0));
    ASSERT_NE(item, nullptr);  // NOLINT(bugprone-use-after-move): that is the contract
    EXPECT_EQ(*item, 7);
}

TEST(Channel, a_close_wakes_the_reader_and_refuses_writers) {
    TwoLanes channel(kSmall);
    std::optional<int> got = 1;
    std::thread reader([&] { got = channel.pop(std::nullopt); });
    channel.close();
    reader.join();
    EXPECT_EQ(got, std::nullopt);
    EXPECT_FALSE(channel.push(0, 1, 0));
}

TEST(Channel, carries_everything_from_many_threads) {
    constexpr int kThreads = 4;
    constexpr int kEach = 2'000;
    Channel<int, 1> channel({LaneLimits{.count_max = 64, .bytes_max = SIZE_MAX}});
    std::vector<std::thread> writers;
    for (int t = 0; t < kThreads; ++t) {
        writers.emplace_back([&channel, t] {
            for (int i = 0; i < kEach; ++i) {
                while (!channel.push(0, t * kEach + i, 1)) {
                    std::this_thread::yield();
                }
            }
        });
    }
    std::vector<int> next(kThreads, 0);
    for (int n = 0; n < kThreads * kEach;) {
        if (const auto item = channel.pop(1'000)) {
            const auto writer = static_cast<std::size_t>(*item / kEach);
            EXPECT_EQ(*item % kEach, next[writer]++);  // each writer's order holds
            ++n;
        }
    }
    for (std::thread& writer : writers) {
        writer.join();
    }
}

TEST(JobPool, does_every_job_and_refuses_what_is_over_its_queue) {
    std::atomic<int> done = 0;
    std::latch began(1);
    std::latch go(1);
    JobPool pool("test", 1, 2);
    ASSERT_TRUE(pool.submit([&] {
        began.count_down();
        go.wait();
        ++done;
    }));
    began.wait();
    std::latch all(2);
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(pool.submit([&] {
            ++done;
            all.count_down();
        }));
    }
    EXPECT_FALSE(pool.submit([&] { ++done; }));
    EXPECT_EQ(pool.waiting(), 2U);
    go.count_down();
    all.wait();
    EXPECT_EQ(done, 3);
}

TEST(JobPool, a_stop_drops_what_has_not_begun) {
    auto held = std::make_shared<int>(1);
    std::latch began(1);
    std::latch go(1);
    JobPool pool("test", 1, 10);
    ASSERT_TRUE(pool.submit([&] {
        began.count_down();
        go.wait();
    }));
    began.wait();
    ASSERT_TRUE(pool.submit([held] { ADD_FAILURE() << "began after the stop"; }));
    EXPECT_EQ(held.use_count(), 2);
    std::thread stopper([&] { pool.stop(); });
    while (held.use_count() > 1) {
        std::this_thread::yield();
    }
    go.count_down();
    stopper.join();
    EXPECT_FALSE(pool.submit([] {}));
}

TEST(JobPool, a_finish_does_what_waits) {
    int done = 0;
    JobPool pool("test", 1, 10);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(pool.submit([&done] { ++done; }));
    }
    pool.finish();
    EXPECT_EQ(done, 10);
}

TEST(InFlight, resumes_once_when_enough_is_worked_off) {
    int resumed = 0;
    const auto flow = std::make_shared<Flow>();
    flow->resume_bytes = 10;
    flow->resume = [&resumed] { ++resumed; };
    std::optional<InFlight> first(std::in_place, flow, 8);
    std::optional<InFlight> second(std::in_place, flow, 8);
    EXPECT_EQ(first->flow_bytes(), 16U);
    flow->paused = true;
    first.reset();
    EXPECT_EQ(resumed, 1);
    EXPECT_EQ(flow->bytes, 8U);
    second.reset();
    EXPECT_EQ(resumed, 1);
}

TEST(InFlight, moves_without_giving_back) {
    const auto flow = std::make_shared<Flow>();
    InFlight first(flow, 8);
    InFlight second(std::move(first));
    InFlight third;
    third = std::move(second);
    EXPECT_EQ(flow->bytes, 8U);
    EXPECT_EQ(third.flow_bytes(), 8U);
}

TEST(SlewedTime, follows_a_clock_that_goes_on) {
    SlewedTime time;
    EXPECT_EQ(time.advance(1'000, 0), 1'000U);
    EXPECT_EQ(time.advance(5'000, 10), 5'000U);  // a jump ahead is followed at once
}

TEST(SlewedTime, goes_on_at_half_speed_while_the_clock_is_behind) {
    SlewedTime time;
    EXPECT_EQ(time.advance(10'000, 0), 10'000U);
    EXPECT_EQ(time.advance(4'000, 0), 10'000U);
    EXPECT_EQ(time.advance(4'100, 100), 10'050U);
    std::uint64_t wall = 4'100;
    std::uint64_t last = 10'050;
    for (std::uint64_t steady = 101; steady < 20'000; ++steady) {  // one at a time: nothing is lost
        const std::uint64_t now = time.advance(++wall, steady);
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_EQ(last, wall);
}

TEST(Clock, never_goes_back_when_the_offset_does) {
    Clock clock;
    const TimeMs before = clock.now();
    clock.set_offset(60'000);
    const TimeMs ahead = clock.now();
    EXPECT_GE(ahead.value, before.value + 60'000);
    clock.set_offset(0);
    EXPECT_GE(clock.now(), ahead);
}

}  // namespace
}  // namespace polis::node
