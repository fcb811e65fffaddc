// Goal: the search finds the knee of any network that has one, in a bounded number of loads, also
// when loads fail by chance; a sweep judges what the knee does not show. Method: synthetic networks
// with a known capacity instead of real ones, random ones by seed.
#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tools/bench/faults.hpp>
#include <tools/bench/sweep.hpp>

namespace polis::tools::bench {

namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kSecondUs = 1'000'000;

void say_nothing(std::string_view) {}

/// A network that does so much a second and no more, with a queue in front of it.
struct Capacity {
    std::uint64_t per_s = 0;
    std::uint64_t latency_us = 200'000;
    std::uint64_t collapsed_per_s = 0;  ///< what it does when offered twice its capacity; 0: all
    double floor_ratio = 1.5;

    [[nodiscard]] bench::Run load(std::uint64_t rate, std::uint64_t seconds = 10) const {
        bench::Run run;
        run.setup.rate = rate;
        run.setup.seconds = seconds;
        run.counts.offered = rate * seconds;
        const bool collapses = collapsed_per_s != 0 && rate > 2 * per_s;
        const std::uint64_t done_per_s = collapses ? collapsed_per_s : std::min(rate, per_s);
        const std::uint64_t missed = std::min(rate, done_per_s) * latency_us / kSecondUs;
        run.counts.in_time = std::max(done_per_s * seconds, missed) - missed;
        run.counts.finalized = run.counts.offered;
        run.per_second = static_cast<double>(run.counts.in_time) / static_cast<double>(seconds);
        const std::uint64_t backlog = run.counts.offered - done_per_s * seconds;
        run.latency.quorum = {
            .count = run.counts.finalized,
            .mean_us = latency_us,
            .p50_us = latency_us,
            .p90_us = latency_us,
            .p99_us = latency_us + backlog * kSecondUs / std::max<std::uint64_t>(1, done_per_s),
            .p999_us = latency_us,
            .max_us = latency_us};
        return run;
    }
};

bool within(std::uint64_t found, double low, double high) {
    return static_cast<double>(found) >= low && static_cast<double>(found) <= high;
}

TEST(KneeSearch, finds_every_knee_to_five_percent_in_few_loads) {
    Random random(1, "knees");
    for (int i = 0; i < 2'000; ++i) {
        const std::uint64_t knee = random.between(10, 150'000);
        KneeOptions options;
        options.from = random.between(options.rate_min, options.rate_max);
        KneeSearch search(options);
        int loads = 0;
        while (const auto rate = search.next()) {
            ASSERT_GE(*rate, options.rate_min);
            ASSERT_LE(*rate, options.rate_max);
            search.record(*rate <= knee);
            ASSERT_LT(++loads, 64);
        }
        ASSERT_TRUE(search.knee()) << knee;
        EXPECT_LE(*search.knee(), knee);
        EXPECT_GE(static_cast<double>(*search.knee() + 1) * 1.05, static_cast<double>(knee))
            << "from " << options.from;
    }
}

TEST(KneeSearch, ends_without_a_knee_or_at_the_highest_rate) {
    KneeSearch nothing({});
    while (nothing.next()) {
        nothing.record(false);
    }
    EXPECT_EQ(nothing.knee(), std::nullopt);
    KneeSearch everything({});
    while (everything.next()) {
        everything.record(true);
    }
    EXPECT_EQ(everything.knee(), KneeOptions{}.rate_max);
}

TEST(KneeSearch, forgives_a_load_that_fails_by_chance) {
    Random random(7, "chance");
    constexpr std::uint64_t kKnee = 5'000;
    for (int i = 0; i < 200; ++i) {
        KneeSearch search({.attempts = 3});
        std::uint64_t in_a_row = 0;
        while (const auto rate = search.next()) {
            // One load of five fails that should not, but never three of one rate.
            const bool unlucky = in_a_row < 2 && random.chance(1, 5);
            const bool kept_up = *rate <= kKnee && !unlucky;
            in_a_row = kept_up ? 0 : (*rate <= kKnee ? in_a_row + 1 : 0);
            search.record(kept_up);
        }
        EXPECT_TRUE(within(search.knee().value_or(0), kKnee / 1.05, kKnee)) << *search.knee();
    }
}

TEST(KneeSearch, never_tries_a_rate_that_it_knows_of) {
    std::set<std::uint64_t> tried;
    KneeSearch search({.attempts = 1});
    while (const auto rate = search.next()) {
        EXPECT_TRUE(tried.insert(*rate).second) << *rate;
        search.record(*rate <= 3'333);
    }
    EXPECT_GT(tried.size(), 4U);
}

TEST(KeepsUp, counts_what_is_final_in_time_and_the_latency) {
    const Capacity network{.per_s = 1'000};
    EXPECT_TRUE(keeps_up(network.load(1'000)).kept_up);
    EXPECT_FALSE(keeps_up(network.load(1'200)).kept_up) << "a sixth is late";
    bench::Run slow = network.load(1'000);
    slow.latency.quorum.p99_us = kQuorumP99UsMax + 1;
    EXPECT_FALSE(keeps_up(slow).kept_up);
    EXPECT_THAT(keeps_up(slow).why, HasSubstr("2000 ms"));
    bench::Run lost = network.load(1'000);
    lost.counts.unfinished = 3;
    EXPECT_FALSE(keeps_up(lost).kept_up);
    EXPECT_FALSE(keeps_up(bench::Run{}).kept_up) << "nothing was measured";
}

TEST(KeepsUp, does_not_blame_a_short_load_for_what_was_due_last) {
    const Capacity network{.per_s = 1'000, .latency_us = 250'000};
    EXPECT_TRUE(keeps_up(network.load(1'000, /*seconds=*/3)).kept_up);
    EXPECT_FALSE(keeps_up(network.load(1'150, /*seconds=*/3)).kept_up);
}

TEST(FindKnee, of_random_networks_by_whole_loads) {
    Random random(3, "networks");
    for (int i = 0; i < 200; ++i) {
        const Capacity network{
            .per_s = random.between(20, 100'000), .latency_us = random.between(1, 450'000)};
        const auto knee = find_knee(
            {},
            [&](std::uint64_t rate) { return Fallible<bench::Run>(network.load(rate)); },
            say_nothing);
        ASSERT_TRUE(knee) << network.per_s;
        // In time may be 95 %, and the knee is found to 5 %.
        const auto capacity = static_cast<double>(network.per_s);
        EXPECT_TRUE(within(knee->per_s, capacity / 1.06 - 1, capacity / 0.9))
            << knee->per_s << " of " << network.per_s;
        EXPECT_EQ(
            std::ranges::count_if(
                knee->runs, [&](const bench::Run& run) { return run.setup.rate == knee->per_s; }),
            1);
    }
}

TEST(FindKnee, says_what_failed_when_nothing_works) {
    const Capacity dead{.per_s = 0};
    const auto knee = find_knee(
        {}, [&](std::uint64_t rate) { return Fallible<bench::Run>(dead.load(rate)); }, say_nothing);
    ASSERT_FALSE(knee);
    EXPECT_THAT(knee.error().message, HasSubstr("10/s"));
    EXPECT_THAT(knee.error().message, HasSubstr("--from"));
    const auto broken = find_knee(
        {},
        [](std::uint64_t) { return Fallible<bench::Run>(std::unexpected(Failure("no disk"))); },
        say_nothing);
    EXPECT_EQ(broken.error().message, "no disk");
}

bench::Run loaded(const Capacity& network, const SweepPoint& point) {
    bench::Run run = network.load(point.rate);
    run.setup.nodes = point.nodes;
    run.setup.workload = point.workload;
    run.floor.spent_us = static_cast<double>(50 * point.nodes);
    run.floor.ratio = network.floor_ratio;
    run.blocks.count = 100;
    for (std::size_t i = 0; i < point.nodes; ++i) {
        NodeUse use;
        use.node = i;
        use.messages_sent = 100 * point.nodes;
        use.resident_bytes_max = std::uint64_t{100} << 20;
        run.nodes.push_back(use);
    }
    run.checks = {
        {.what = "every transaction is final", .wanted = "", .found = "", .passed = false},
        {.what = std::string(kNoForkCheck), .wanted = "", .found = "", .passed = true}};
    return run;
}

TEST(Sweep, has_a_knee_a_calm_load_and_an_overload_for_each_network) {
    SweepOptions options;
    options.nodes = {4, 16};
    const auto load = [](const SweepPoint& point) {
        return Fallible<bench::Run>(loaded({.per_s = 40'000 / point.nodes}, point));
    };
    const auto report = sweep(options, load, say_nothing);
    ASSERT_TRUE(report);
    EXPECT_TRUE(within(report->knee_per_s.value_or(0), 9'400, 11'200));
    std::set<std::string> names;
    for (const bench::Run& run : report->runs) {
        EXPECT_TRUE(names.insert(run.name).second) << run.name;
        EXPECT_EQ(run.checks.size(), 1U) << "too much is no failure, a fork is";
    }
    EXPECT_TRUE(names.contains("transfer, 4 nodes, 70 % of the knee"));
    EXPECT_TRUE(names.contains("transfer, 16 nodes, 3 times the knee"));
    EXPECT_TRUE(std::ranges::all_of(report->checks, &Check::passed));
    // Two knees; cost, latency, throughput and memory of the small network.
    EXPECT_EQ(report->checks.size(), 6U);
    const auto growth = growth_of(*report);
    ASSERT_EQ(growth.size(), 2U);
    EXPECT_EQ(growth[0].nodes, 4U);
    EXPECT_DOUBLE_EQ(growth[1].cpu_us, 800);
    EXPECT_DOUBLE_EQ(growth[0].block_messages, 16);
    EXPECT_DOUBLE_EQ(growth[1].block_messages, 256);
}

TEST(Sweep, fails_a_network_that_collapses_or_is_slow_or_dear) {
    const auto report_of = [](const Capacity& network) {
        return sweep(
            {},
            [&](const SweepPoint& point) { return Fallible<bench::Run>(loaded(network, point)); },
            say_nothing);
    };
    const auto failed = [](const Report& report) {
        std::vector<std::string> out;
        for (const Check& check : report.checks) {
            if (!check.passed) {
                out.push_back(check.what);
            }
        }
        return out;
    };
    const auto collapsed = report_of({.per_s = 2'000, .collapsed_per_s = 1'000});
    ASSERT_TRUE(collapsed);
    EXPECT_THAT(
        failed(*collapsed),
        ::testing::ElementsAre("throughput, transfer, 4 nodes, 3 times the knee"));
    const auto slow = report_of({.per_s = 2'000, .latency_us = 600'000});
    ASSERT_TRUE(slow);
    EXPECT_THAT(
        failed(*slow),
        ::testing::ElementsAre("p99 latency at a quorum, transfer, 4 nodes, 70 % of the knee"));
    const auto dear = report_of({.per_s = 2'000, .floor_ratio = 1.7});
    ASSERT_TRUE(dear);
    EXPECT_THAT(failed(*dear), ::testing::ElementsAre(HasSubstr("processor time of a transfer")));
}

TEST(Sweep, does_not_judge_the_cost_where_the_knee_lies_beyond_what_was_tried) {
    SweepOptions options;
    options.knee = {.from = 50, .rate_max = 100};
    const auto load = [](const SweepPoint& point) {
        return Fallible<bench::Run>(loaded({.per_s = 2'000, .floor_ratio = 15}, point));
    };
    const auto report = sweep(options, load, say_nothing);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->knee_per_s, 100U);
    EXPECT_TRUE(std::ranges::all_of(report->checks, &Check::passed));
}

}  // namespace

}  // namespace polis::tools::bench
