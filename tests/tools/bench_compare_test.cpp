// Goal: a comparison finds what became worse and raises no false alarm. Method: series of seconds
// with a known mean, where neighbours depend on each other as those of a network do; how often the
// interval holds the truth is counted.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/tools/bench_fixture.hpp>
#include <tools/bench/bootstrap.hpp>
#include <tools/bench/compare.hpp>

namespace polis::tools::bench {
namespace {

double normal(Random& random) {
    constexpr double kUnit = 0x1p-53;
    const double radius = (static_cast<double>(random.next() >> 11U) + 1) * kUnit;
    const double angle = static_cast<double>(random.next() >> 11U) * kUnit;
    return std::sqrt(-2 * std::log(radius)) * std::cos(2 * std::numbers::pi * angle);
}

/// An autoregressive series of order 1 around `mean`.
std::vector<double> series(
    Random& random, std::size_t seconds, double mean, double deviation, double depends) {
    std::vector<double> out;
    double state = normal(random);
    for (std::size_t i = 0; i < seconds; ++i) {
        out.push_back(mean + deviation * state);
        state = depends * state + std::sqrt(1 - depends * depends) * normal(random);
    }
    return out;
}

Sample mean_of(const std::vector<double>& values) {
    return {.seconds = values.size(), .statistic = [&values](std::span<const std::size_t> at) {
                double sum = 0;
                for (const std::size_t position : at) {
                    sum += values[position];
                }
                return sum / static_cast<double>(at.size());
            }};
}

/// How many of 1,000 intervals hold the true change.
std::size_t covered(std::size_t seconds, double depends, double factor, bool paired = false) {
    std::size_t out = 0;
    for (std::uint64_t seed = 0; seed < 1'000; ++seed) {
        Random random(seed, "coverage");
        const auto before = series(random, seconds, 1'000, 80, depends);
        const auto after = series(random, seconds, 1'000 * factor, 80 * factor, depends);
        const auto change = bootstrap_change(
            mean_of(before), mean_of(after), {.seed = seed, .stream = "test", .paired = paired});
        const double truth = (factor - 1) * 100;
        out += change && change->low <= truth && truth <= change->high ? 1U : 0U;
    }
    return out;
}

TEST(Bootstrap, covers_the_truth_about_as_often_as_it_claims) {
    // docs/formats/bench.md quotes what this test counts.
    for (const std::size_t seconds : {20U, 60U}) {
        const std::size_t independent = covered(seconds, 0, 1.1);
        RecordProperty("independent_" + std::to_string(seconds), std::to_string(independent));
        EXPECT_GE(independent, 925U) << seconds;
        EXPECT_LE(independent, 985U) << seconds;
        const std::size_t dependent = covered(seconds, 0.4, 0.9);
        RecordProperty("dependent_" + std::to_string(seconds), std::to_string(dependent));
        EXPECT_GE(dependent, 870U) << seconds;
        EXPECT_LE(dependent, 975U) << seconds;
        EXPECT_GE(covered(seconds, 0.2, 1.1, /*paired=*/true), 915U) << seconds;
    }
}

TEST(Bootstrap, says_the_same_every_time) {
    Random random(3, "same");
    const auto before = series(random, 30, 100, 10, 0.3);
    const auto after = series(random, 30, 110, 10, 0.3);
    const auto once = bootstrap_change(
        mean_of(before), mean_of(after), {.seed = 1, .stream = "a", .paired = false});
    EXPECT_EQ(
        once,
        bootstrap_change(
            mean_of(before), mean_of(after), {.seed = 1, .stream = "a", .paired = false}));
    EXPECT_NE(
        once,
        bootstrap_change(
            mean_of(before), mean_of(after), {.seed = 1, .stream = "b", .paired = false}));
}

TEST(Bootstrap, of_a_series_without_scatter_has_no_width) {
    const std::vector<double> before(10, 50);
    const std::vector<double> after(10, 40);
    const auto change = bootstrap_change(
        mean_of(before), mean_of(after), {.seed = 1, .stream = "", .paired = false});
    ASSERT_TRUE(change);
    EXPECT_NEAR(change->percent, -20, 1e-9);
    EXPECT_NEAR(change->low, -20, 1e-9);
    EXPECT_NEAR(change->high, -20, 1e-9);
}

TEST(Bootstrap, judges_nothing_that_is_too_short_or_does_not_exist) {
    const std::vector<double> enough(kSecondsMin, 1);
    const std::vector<double> few(kSecondsMin - 1, 1);
    const std::vector<double> nothing(kSecondsMin, 0);
    EXPECT_TRUE(bootstrap_change(
        mean_of(enough), mean_of(enough), {.seed = 1, .stream = "", .paired = false}));
    EXPECT_FALSE(bootstrap_change(
        mean_of(few), mean_of(enough), {.seed = 1, .stream = "", .paired = false}));
    EXPECT_FALSE(bootstrap_change(
        mean_of(enough), mean_of(few), {.seed = 1, .stream = "", .paired = false}));
    EXPECT_FALSE(bootstrap_change(
        mean_of(nothing), mean_of(enough), {.seed = 1, .stream = "", .paired = false}));
    EXPECT_FALSE(bootstrap_change(
        mean_of(nothing), mean_of(nothing), {.seed = 1, .stream = "", .paired = false}));
    const auto lost = bootstrap_change(
        mean_of(enough), mean_of(nothing), {.seed = 1, .stream = "", .paired = false});
    ASSERT_TRUE(lost);
    EXPECT_EQ(lost->high, -100);
}

TEST(Bootstrap, draws_whole_blocks_of_neighbours) {
    EXPECT_EQ(block_seconds(1), 1U);
    EXPECT_EQ(block_seconds(8), 2U);
    EXPECT_EQ(block_seconds(27), 3U);
    EXPECT_EQ(block_seconds(600), 8U);
    // A statistic that sees the positions: all within, as many as there are, neighbours in blocks.
    const std::size_t seconds = 27;
    std::size_t steps = 0;
    std::size_t draws = 0;
    const Sample sample{.seconds = seconds, .statistic = [&](std::span<const std::size_t> at) {
                            EXPECT_EQ(at.size(), seconds);
                            EXPECT_LT(*std::ranges::max_element(at), seconds);
                            for (std::size_t i = 1; i < at.size(); ++i) {
                                steps += at[i] == at[i - 1] + 1 ? 1U : 0U;
                            }
                            ++draws;
                            return 1.0;
                        }};
    ASSERT_TRUE(bootstrap_change(sample, sample, {.seed = 5, .stream = "", .paired = false}));
    // 18 of the 26 steps lie within a block of 3.
    EXPECT_GE(steps, 18 * draws);
}

TEST(Bootstrap, knows_students_distribution) {
    // Tables: 12.706, 4.303, 3.182, 2.571, 2.228, 2.042, 1.980.
    EXPECT_NEAR(student_t975(1), 12.706, 0.001);
    EXPECT_NEAR(student_t975(2), 4.303, 0.001);
    EXPECT_NEAR(student_t975(3), 3.182, 0.012);
    EXPECT_NEAR(student_t975(5), 2.571, 0.002);
    EXPECT_NEAR(student_t975(10), 2.228, 0.001);
    EXPECT_NEAR(student_t975(30), 2.042, 0.001);
    EXPECT_NEAR(student_t975(120), 1.980, 0.001);
}

/// A run of half a minute whose seconds scatter by 4 percent.
Report measured(std::uint64_t seed, double throughput, double latency, double cpu) {
    Report report = example_report();
    report.runs.resize(1);
    bench::Run& run = report.runs.front();
    run.setup.seconds = 30;
    run.seconds.clear();
    Random random(seed, "measured");
    const auto done = series(random, 30, 6'000 * throughput, 240, 0.3);
    const auto times = series(random, 30, 120'000 * latency, 5'000, 0.3);
    const auto busy = series(random, 30, 400 * cpu, 16, 0.3);
    for (std::size_t i = 0; i < 30; ++i) {
        Second second;
        second.at_s = i;
        second.due = 6'000;
        second.finalized = static_cast<std::uint64_t>(done[i]);
        second.p50_us = static_cast<std::uint64_t>(times[i]);
        second.p99_us = static_cast<std::uint64_t>(times[i] * 3);
        second.cpu_us = static_cast<std::uint64_t>(busy[i] * done[i]);
        run.seconds.push_back(second);
    }
    return report;
}

Judgement judgement_of(const Comparison& comparison, const std::string& figure) {
    const auto& all = comparison.runs.at(0).differences;
    const auto found = std::ranges::find(all, figure, &Difference::figure);
    EXPECT_NE(found, all.end()) << figure;
    return found == all.end() ? Judgement::kNotJudged : found->judgement;
}

TEST(BenchCompare, passes_two_measurements_of_the_same) {
    std::size_t alarms = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const Comparison same = compare(measured(seed, 1, 1, 1), measured(seed + 1'000, 1, 1, 1));
        alarms += passed(same) ? 0U : 1U;
        EXPECT_TRUE(same.warnings.empty()) << same.warnings.front();
    }
    EXPECT_EQ(alarms, 0U);
}

TEST(BenchCompare, finds_a_fifth_that_is_lost) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Report before = measured(seed, 1, 1, 1);
        const auto after = [&](double throughput, double latency, double cpu) {
            return compare(before, measured(seed + 1'000, throughput, latency, cpu));
        };
        EXPECT_EQ(judgement_of(after(0.8, 1, 1), "finalized_per_s"), Judgement::kRegression);
        EXPECT_EQ(judgement_of(after(1, 1.2, 1), "p50_us"), Judgement::kRegression);
        EXPECT_EQ(judgement_of(after(1, 1.2, 1), "p99_us"), Judgement::kRegression);
        EXPECT_EQ(judgement_of(after(1, 1, 1.2), "cpu_us_per_txn"), Judgement::kRegression);
        EXPECT_FALSE(passed(after(0.8, 1, 1)));
        EXPECT_TRUE(passed(after(1.2, 0.8, 0.8))) << "better is no regression";
    }
}

TEST(BenchCompare, is_not_certain_of_a_loss_at_the_limit) {
    std::size_t uncertain = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Comparison at_limit =
            compare(measured(seed, 1, 1, 1), measured(seed + 1'000, 0.9, 1, 1));
        uncertain += judgement_of(at_limit, "finalized_per_s") == Judgement::kNotCertain ? 1U : 0U;
    }
    EXPECT_GE(uncertain, 17U);
}

TEST(BenchCompare, is_certain_although_the_same_faults_shake_both) {
    const auto shaken = [](std::uint64_t seed, double throughput, bool marked) {
        Report report = measured(seed, throughput, 1, 1);
        for (std::size_t i = 10; i < 14; ++i) {
            report.runs[0].seconds[i].finalized /= 8;
        }
        if (marked) {
            report.runs[0].marks = {{10'000'000, "node 3 is killed"}};
        }
        return report;
    };
    std::size_t unsure = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto judged = [&](double throughput, bool marked) {
            const Comparison comparison =
                compare(shaken(seed, 1, marked), shaken(seed + 1'000, throughput, marked));
            return judgement_of(comparison, "finalized_per_s");
        };
        EXPECT_EQ(judged(1, true), Judgement::kFine) << seed;
        EXPECT_EQ(judged(0.8, true), Judgement::kRegression) << seed;
        unsure += judged(1, false) == Judgement::kNotCertain ? 1U : 0U;
    }
    EXPECT_GE(unsure, 17U) << "drawn one by one, the faults would hide the difference";
}

TEST(BenchCompare, fails_if_nothing_is_final_any_more) {
    const Report before = measured(1, 1, 1, 1);
    Report after = before;
    for (Second& second : after.runs[0].seconds) {
        second.finalized = 0;
    }
    const Comparison lost = compare(before, after);
    EXPECT_EQ(judgement_of(lost, "finalized_per_s"), Judgement::kRegression);
    EXPECT_EQ(judgement_of(lost, "p50_us"), Judgement::kNotJudged);
    EXPECT_FALSE(passed(lost));
}

TEST(BenchCompare, fails_if_a_run_is_missing) {
    Report after = example_report();
    after.runs.erase(after.runs.begin() + 1);
    const Comparison comparison = compare(example_report(), after);
    EXPECT_FALSE(passed(comparison));
    EXPECT_EQ(verdict(comparison), "FAILED: the second report has no run \"pole\"");
    EXPECT_EQ(comparison.missing, std::vector<std::string>{"pole"});
    EXPECT_FALSE(passed(compare({}, example_report())));
    EXPECT_TRUE(passed(compare(after, example_report()))) << "more runs than before are welcome";
}

TEST(BenchCompare, warns_of_everything_that_makes_reports_incomparable) {
    const Report before = example_report();
    const auto warnings = [&](const std::function<void(Report&)>& change) {
        Report after = before;
        change(after);
        return compare(before, after).warnings;
    };
    EXPECT_TRUE(warnings([](Report&) {}).empty());
    const std::vector<std::function<void(Report&)>> changes = {
        [](Report& it) { it.machine.cpu = "another"; },
        [](Report& it) { it.machine.cores = 8; },
        [](Report& it) { it.machine.memory_bytes /= 2; },
        [](Report& it) { it.machine.system = "Linux 7"; },
        [](Report& it) { it.machine.compiler = "another"; },
        [](Report& it) { it.machine.version = "0.2.0"; },
        [](Report& it) { it.machine.load_before += 2; },
        [](Report& it) { it.runs[0].setup.workload = "call"; },
        [](Report& it) { it.runs[0].setup.election = "pole"; },
        [](Report& it) { it.runs[0].setup.fault = "crash-f"; },
        [](Report& it) { it.runs[0].setup.nodes = 7; },
        [](Report& it) { it.runs[0].setup.rate = 7'000; },
        [](Report& it) { it.runs[0].setup.seconds = 25; },
        [](Report& it) { it.runs[0].setup.senders = 10; },
        [](Report& it) { it.runs[0].setup.block_interval_ms = 50; },
        [](Report& it) { it.runs[0].setup.random_seed = 2; },
        [](Report& it) { it.runs[0].checks[0].passed = false; }};
    for (std::size_t i = 0; i < changes.size(); ++i) {
        EXPECT_EQ(warnings(changes[i]).size(), 1U) << i;
    }
}

TEST(BenchCompare, warns_of_runs_that_are_too_short) {
    Report little = example_report();
    little.runs.resize(1);
    little.runs[0].setup.seconds = kWarmUpSeconds + kSecondsMin - 1;
    const Comparison comparison = compare(little, little);
    ASSERT_EQ(comparison.warnings.size(), 1U);
    EXPECT_NE(comparison.warnings[0].find("cannot be judged"), std::string::npos);
    EXPECT_EQ(judgement_of(comparison, "finalized_per_s"), Judgement::kNotJudged);
}

}  // namespace
}  // namespace polis::tools::bench
