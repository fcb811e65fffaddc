// Old seeds that once failed, and a slice of fresh ones: what every build is tried with.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include <tools/sim/campaign.hpp>
#include <tools/sim/options.hpp>
#include <tools/sim/simulation.hpp>

namespace polis::sim {
namespace {

TEST(Seeds, that_once_failed_hold) {
    std::ifstream file(POLIS_SIM_SEEDS_FILE);
    ASSERT_TRUE(file) << POLIS_SIM_SEEDS_FILE;
    std::string line;
    std::size_t runs = 0;
    while (std::getline(file, line)) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const auto run = parse_case(line);
        ASSERT_TRUE(run) << line << ": " << run.error();
        const RunResult result = run_case(*run);
        EXPECT_FALSE(result.violation) << line << ": " << result.violation->what;
        ++runs;
    }
    EXPECT_GT(runs, 0U);
}

TEST(Seeds, fresh_ones_hold) {
    name_case_on_abort();
    CampaignOptions options{.options = {.nodes_min = 4, .nodes_max = 13}};
    options.seeds = POLIS_SIM_FRESH_SEEDS;
    options.jobs = std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
    const CampaignResult result = run_campaign(options, {});
    for (const FailedCase& failed : result.failures) {
        ADD_FAILURE() << to_arguments(failed.run) << ": " << to_string(failed.violation.broken)
                      << ": " << failed.violation.what;
    }
    EXPECT_EQ(result.recovery_views.size(), result.runs);
}

}  // namespace
}  // namespace polis::sim
