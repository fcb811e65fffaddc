// Many runs at once: nothing depends on how many threads work, and the numbers add up.
#include <tools/sim/campaign.hpp>

#include <cstddef>
#include <cstdint>

#include <gtest/gtest.h>

#include <tools/sim/simulation.hpp>

namespace polis::sim {
namespace {

constexpr Options kSmall{.nodes_min = 4, .nodes_max = 5};

TEST(Campaign, does_not_depend_on_the_number_of_threads) {
    const CampaignResult one = run_campaign({kSmall, 5, 12, 1}, {});
    const CampaignResult four = run_campaign({kSmall, 5, 12, 4}, {});
    EXPECT_EQ(one.runs, 12U);
    EXPECT_EQ(one.messages, four.messages);
    EXPECT_EQ(one.heights, four.heights);
    EXPECT_EQ(one.recovery_views, four.recovery_views);
    EXPECT_EQ(one.worst_seed, four.worst_seed);
    EXPECT_EQ(one.failures, four.failures);
}

TEST(Campaign, adds_up_its_runs) {
    std::uint64_t messages = 0;
    for (std::uint64_t seed = 7; seed < 10; ++seed) {
        messages += run_case({seed, kSmall}).messages;
    }
    std::uint64_t told = 0;
    const CampaignResult result =
        run_campaign({kSmall, 7, 3, 2}, [&told](std::uint64_t done) { told += done; });
    EXPECT_EQ(result.messages, messages);
    EXPECT_EQ(told, 1U + 2U + 3U);
}

TEST(Campaign, ranks_percentiles) {
    CampaignResult result;
    EXPECT_EQ(result.recovery_percentile(50), 0U);
    for (std::uint64_t i = 1; i <= 200; ++i) {
        result.recovery_views.push_back(i);
    }
    EXPECT_EQ(result.recovery_percentile(50), 100U);
    EXPECT_EQ(result.recovery_percentile(99), 198U);
    EXPECT_EQ(result.recovery_percentile(100), 200U);
    EXPECT_EQ(result.recovery_percentile(0), 1U);
}

TEST(Campaign, finds_no_failing_seed_where_none_is) {
    EXPECT_EQ(find_first_failing_seed({.faults = {}}, 3), std::nullopt);
}

}  // namespace
}  // namespace polis::sim
