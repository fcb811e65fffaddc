// Goal: engines are compared at one rate and judged by what they did, training included. Method:
// loads that are made up.
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tools/bench/engines.hpp>

namespace polis::tools::bench {

namespace {

using ::testing::HasSubstr;

void say_nothing(std::string_view) {}

std::vector<const Engine*> all_engines() {
    std::vector<const Engine*> out;
    for (const Engine& engine : engines()) {
        out.push_back(&engine);
    }
    return out;
}

/// An engine that does so much and trains for that share of the time.
Fallible<bench::Run> done(double per_second, std::optional<double> train_ratio) {
    bench::Run run;
    run.setup.seconds = 10;
    run.counts.offered = run.counts.finalized = run.counts.in_time = 10'000;
    run.latency.quorum.count = 1;
    run.per_second = per_second;
    if (train_ratio) {
        run.learning.emplace().train_ratio = *train_ratio;
    }
    return run;
}

Report report_of(const std::map<std::string_view, double>& per_second, double train_ratio) {
    const auto load = [&](const Engine& engine, std::uint64_t, bool) {
        return done(
            per_second.at(engine.name),
            engine.training ? std::optional{train_ratio} : std::nullopt);
    };
    return *compare_engines(
        {.engines = all_engines(), .rate = 1'000, .knee = {}}, load, say_nothing);
}

TEST(Engines, are_found_by_name) {
    EXPECT_EQ(engines().front().name, "dpos");
    EXPECT_EQ((*find_engine("pole-training"))->election, "pole");
    const auto none = find_engine("pow");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, FailureKind::kUsage);
    EXPECT_THAT(none.error().message, HasSubstr("dpos, pole, pole-training"));
}

TEST(Engines, training_may_cost_thirty_percent) {
    const Report good =
        report_of({{"dpos", 1'000}, {"pole", 1'000}, {"pole-training", 700}}, /*train_ratio=*/0.9);
    ASSERT_EQ(good.checks.size(), 2U);
    EXPECT_TRUE(good.checks[0].passed);
    EXPECT_TRUE(good.checks[1].passed) << good.checks[1].found;
    const Report slow =
        report_of({{"dpos", 1'000}, {"pole", 1'000}, {"pole-training", 699}}, /*train_ratio=*/0.9);
    EXPECT_FALSE(slow.checks[1].passed);
    EXPECT_THAT(slow.checks[1].found, HasSubstr("69.9 %"));
    const Report idle =
        report_of({{"dpos", 1'000}, {"pole", 1'000}, {"pole-training", 999}}, /*train_ratio=*/0.4);
    EXPECT_FALSE(idle.checks[0].passed) << "who does not train proves nothing";
    const Report dead =
        report_of({{"dpos", 0}, {"pole", 0}, {"pole-training", 0}}, /*train_ratio=*/0.9);
    EXPECT_FALSE(dead.checks[1].passed);
}

TEST(Engines, alone_have_nothing_to_be_compared_with) {
    const auto load = [](const Engine&, std::uint64_t, bool) { return done(500, std::nullopt); };
    const auto report = compare_engines(
        {.engines = {*find_engine("pole")}, .rate = 10, .knee = {}}, load, say_nothing);
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->checks.empty());
    EXPECT_EQ(report->knee_per_s, std::nullopt);
    EXPECT_EQ(report->runs.front().name, "pole");
}

TEST(Engines, run_at_the_knee_of_the_first_one) {
    constexpr std::uint64_t kKnee = 3'000;
    std::vector<std::uint64_t> rates;
    const auto load = [&](const Engine& engine, std::uint64_t rate, bool is_search) {
        if (!is_search) {
            rates.push_back(rate);
        } else {
            EXPECT_EQ(engine.name, "dpos");
        }
        auto run = done(static_cast<double>(rate), 1.0);
        run->counts.unfinished = rate > kKnee ? 1 : 0;
        return run;
    };
    const auto report =
        compare_engines({.engines = all_engines(), .rate = 0, .knee = {}}, load, say_nothing);
    ASSERT_TRUE(report);
    ASSERT_EQ(rates.size(), engines().size());
    EXPECT_LE(rates.front(), kKnee);
    EXPECT_GE(rates.front() * 105, kKnee * 100);
    EXPECT_EQ(rates.front(), rates.back());
    EXPECT_EQ(report->knee_per_s, rates.front());
    EXPECT_TRUE(report->runs.front().setup.rate_found);
}

}  // namespace

}  // namespace polis::tools::bench
