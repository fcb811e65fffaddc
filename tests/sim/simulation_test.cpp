// Whole runs: the same seed gives the same run, every kind of fault really happens, and nothing
// breaks.
#include <tools/sim/simulation.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <tools/sim/campaign.hpp>
#include <tools/sim/scenario.hpp>

namespace polis::sim {
namespace {

Case small_case(std::uint64_t seed, const Faults& faults) {
    return {.seed = seed, .options = {.nodes_min = 4, .nodes_max = 7, .faults = faults}};
}

struct Recorded {
    RunResult result;
    std::vector<std::string> trace;
};

Recorded record(const Case& run) {
    Recorded out;
    Simulation simulation(run, [&out](std::string_view line) { out.trace.emplace_back(line); });
    out.result = simulation.run();
    return out;
}

/// Sums over a few seeds.
CampaignResult campaign(const Options& options, std::uint64_t seeds = 12) {
    return run_campaign({.options = options, .first_seed = 1, .seeds = seeds}, {});
}

std::string first_failure(const CampaignResult& result) {
    if (result.failures.empty()) {
        return {};
    }
    const FailedCase& failed = result.failures.front();
    return to_arguments(failed.run) + ": " + failed.violation.what;
}

TEST(Simulation, repeats_a_seed_exactly) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Case run = small_case(seed, Faults::all());
        const Recorded first = record(run);
        const Recorded second = record(run);
        EXPECT_EQ(first.result, second.result) << "seed " << seed;
        EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
        EXPECT_GT(first.trace.size(), 100U);
    }
}

TEST(Simulation, rounds_of_learning_settle_whatever_goes_wrong) {
    const CampaignResult result =
        campaign({.nodes_min = 4, .nodes_max = 7, .faults = Faults::all(), .pole = true}, 8);
    EXPECT_EQ(first_failure(result), "");
    EXPECT_GT(result.rounds, 4U);
    const CampaignResult calm =
        campaign({.nodes_min = 4, .nodes_max = 4, .faults = {}, .pole = true}, 3);
    EXPECT_EQ(first_failure(calm), "");
    EXPECT_GE(calm.rounds, 3U) << "without faults every run settles one";
    EXPECT_EQ(campaign({.nodes_min = 4, .nodes_max = 7}, 2).rounds, 0U);
}

TEST(Simulation, everything_that_can_go_wrong_in_a_round_does) {
    const CampaignResult result =
        campaign({.nodes_min = 6, .nodes_max = 8, .faults = {}, .pole = true}, 16);
    EXPECT_EQ(first_failure(result), "");
    using ledger::tasks::EntryEnd;
    for (const EntryEnd end :
         {EntryEnd::kWon,
          EntryEnd::kRunnerUp,
          EntryEnd::kBelowTarget,  // also where the target is out of reach
          EntryEnd::kBadModel,     // too large, too slow, none at all
          EntryEnd::kUnscored,     // members are slower than the window is long
          EntryEnd::kUnavailable,  // nobody else can have it
          EntryEnd::kSilent}) {    // not revealed, or not what was committed to
        EXPECT_GT(result.school.ends.contains(end) ? result.school.ends.at(end) : 0, 0U)
            << to_string(end);
    }
    EXPECT_GT(result.school.copies, 0U) << "models under another name";
    EXPECT_GT(result.school.owners_failed, 0U) << "keys that stay away, test sets that do not open";
    EXPECT_GT(result.school.without_winner, 0U);
}

TEST(Simulation, is_the_same_whether_or_not_its_trace_is_read) {
    const Case run = small_case(3, Faults::all());
    EXPECT_EQ(record(run).result, run_case(run));
}

TEST(Simulation, differs_from_seed_to_seed) {
    EXPECT_NE(
        run_case(small_case(1, Faults::all())).digest,
        run_case(small_case(2, Faults::all())).digest);
}

TEST(Simulation, decides_in_the_first_view_when_nothing_goes_wrong) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const RunResult result = run_case(small_case(seed, {}));
        EXPECT_FALSE(result.violation) << result.violation->what;
        EXPECT_GE(result.heights, 8U);
        EXPECT_EQ(result.views_max, 0U);
        EXPECT_EQ(result.restarts, 0U);
        EXPECT_EQ(result.accusations, 0U);
    }
}

TEST(Simulation, attests_facts_and_changes_committees) {
    const CampaignResult result = campaign({.faults = {}});
    EXPECT_EQ(first_failure(result), "");
    EXPECT_GT(result.facts, 0U);
    std::uint64_t committees = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        committees = std::max(
            committees,
            run_case({seed, {.nodes_min = 4, .nodes_max = 9, .faults = {}}}).committees);
    }
    EXPECT_GT(committees, 1U);
}

TEST(Simulation, crashes_and_restarts_nodes) {
    const CampaignResult result = campaign({.faults = {.crash = true}});
    EXPECT_EQ(first_failure(result), "");
    EXPECT_GT(result.restarts, 12U);
}

TEST(Simulation, breaks_disks) {
    const CampaignResult result = campaign({.faults = {.disk = true}}, 30);
    EXPECT_EQ(first_failure(result), "");
    EXPECT_GT(result.restarts, 0U);
}

TEST(Simulation, lets_members_lie_and_catches_them) {
    const CampaignResult result = campaign({.faults = {.byzantine = true}});
    EXPECT_EQ(first_failure(result), "");
    EXPECT_GT(result.accusations, 0U);
}

TEST(Simulation, recovers_from_lost_messages_and_partitions) {
    const CampaignResult result = campaign({.faults = {.partition = true, .loss = true}});
    EXPECT_EQ(first_failure(result), "");
    EXPECT_EQ(result.recovery_views.size(), result.runs);
}

TEST(Simulation, convicts_the_liars_when_there_are_too_many) {
    const CampaignResult result = campaign({.above_f = 1}, 40);
    EXPECT_EQ(first_failure(result), "");
    EXPECT_GT(result.forks, 0U);
}

TEST(Scenario, keeps_liars_and_lost_votes_within_f) {
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        const Scenario scenario = make_scenario({seed, {.nodes_min = 1, .nodes_max = 16}});
        EXPECT_GE(scenario.seats, 1U);
        EXPECT_LE(scenario.seats, scenario.validators);
        EXPECT_LE(scenario.traitors.size() + scenario.set_back_max, scenario.faults_max());
    }
}

TEST(Scenario, plays_every_trick) {
    std::set<Trick> seen;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        for (const Traitor& traitor : make_scenario({seed, {}}).traitors) {
            seen.insert(traitor.tricks.begin(), traitor.tricks.end());
        }
    }
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(kTrickLast) + 1);
}

}  // namespace
}  // namespace polis::sim
