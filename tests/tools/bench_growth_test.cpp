// Goal: growth is judged by what the simulator counts, and a report shows it. Method: rows whose
// growth is known, and two small networks twice.
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tests/tools/bench_fixture.hpp>
#include <tools/bench/growth.hpp>
#include <tools/bench/report/figures.hpp>
#include <tools/bench/report/output.hpp>

namespace polis::tools::bench {
namespace {

using ::testing::HasSubstr;

/// As many votes as there are pairs, so many times.
Simulated row_of(std::uint64_t nodes, std::uint64_t votes, std::uint64_t gossip) {
    Simulated out;
    out.nodes = nodes;
    out.blocks = 10;
    out.prepares = 10 * votes;
    out.gossip = 10 * gossip;
    return out;
}

Fallible<Report> growth_of_small_ones() {
    GrowthPlan plan;
    plan.simulated = {4, 7};
    plan.heights = 4;
    const LoadSize never = [](std::size_t) -> Fallible<Run> {
        return std::unexpected(Failure("no real network was asked for"));
    };
    auto out = measure_growth(plan, never, [](std::string_view) {});
    if (out) {
        for (Simulated& row : out->simulated) {
            EXPECT_GT(row.cpu_us, 0U);
            row.cpu_us = 0;
        }
    }
    return out;
}

TEST(BenchGrowth, passes_what_grows_with_pairs_and_fails_what_grows_faster) {
    const auto pairs = [](std::uint64_t nodes) { return nodes * (nodes - 1); };
    std::vector<Check> checks =
        growth_checks({row_of(4, pairs(4), 0), row_of(31, 7, 0), row_of(100, pairs(100), 0)});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_TRUE(checks[0].passed);
    EXPECT_EQ(checks[0].found, "1.00");
    EXPECT_THAT(checks[0].what, HasSubstr("4 to 100 nodes"));

    checks = growth_checks({row_of(100, 1'000'000, 0), row_of(4, 64, 0)});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_FALSE(checks[0].passed);
    EXPECT_FALSE(checks[1].passed);

    checks = growth_checks({row_of(4, pairs(4), 10), row_of(100, pairs(100), 100'000)});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_TRUE(checks[0].passed) << "what transactions take is not agreement";
    EXPECT_FALSE(checks[1].passed);

    EXPECT_TRUE(growth_checks({}).empty());
    EXPECT_TRUE(growth_checks({row_of(1, 0, 0), row_of(4, 12, 0)}).empty());
    EXPECT_FALSE(growth_checks({row_of(4, 0, 0), row_of(7, 0, 0)}).front().passed);
}

TEST(BenchGrowth, simulates_the_same_every_time) {
    const auto first = growth_of_small_ones();
    const auto second = growth_of_small_ones();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->simulated, second->simulated);
    EXPECT_EQ(first->checks, second->checks);
    EXPECT_TRUE(passed(*first)) << verdict(*first);
    ASSERT_EQ(first->simulated.size(), 2U);
    EXPECT_EQ(first->simulated[1].nodes, 7U);
    EXPECT_EQ(first->simulated[1].proposals, 24U);
}

TEST(BenchGrowth, shows_real_and_simulated_networks_together) {
    Report report = example_report();
    report.simulated = small_report().simulated;
    const std::vector<BlockCost> costs = block_costs(report);
    ASSERT_EQ(costs.size(), report.runs.size() + 1);
    EXPECT_FALSE(costs.front().simulated);
    EXPECT_EQ(costs.front().blocks, 228U);
    EXPECT_TRUE(costs.back().simulated);
    EXPECT_DOUBLE_EQ(costs.back().messages, 1'045.0 / 8);
    EXPECT_EQ(figures_over(report).front().title, "What a block takes as networks grow");
    for (const std::string& page : {to_text(report), to_markdown(report), to_html(report)}) {
        EXPECT_THAT(page, HasSubstr("simulated"));
        EXPECT_THAT(page, HasSubstr("messages before"));
    }
    report.runs.clear();
    EXPECT_THAT(to_html(report), HasSubstr("1 simulated"));
}

}  // namespace
}  // namespace polis::tools::bench
