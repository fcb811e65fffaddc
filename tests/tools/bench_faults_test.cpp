// Goal: schedules do what they say at sensible times for every size of network, and the judges tell
// a network that bore a fault from one that did not. Method: runs that are made up second by
// second; a thread that must outlive the one that asks.
#include <algorithm>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tools/bench/faults.hpp>
#include <tools/bench/faults_act.hpp>
#include <tools/bench/faults_judge.hpp>
#include <tools/bench/launcher.hpp>

namespace polis::tools::bench {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kUsual = 1'000;

/// A run with so much finalized in each second.
bench::Run run_of(const std::vector<std::uint64_t>& finalized) {
    bench::Run run;
    run.setup.seconds = finalized.size();
    std::uint64_t still = 0;
    for (std::size_t i = 0; i < finalized.size(); ++i) {
        Second second;
        second.at_s = i;
        second.due = kUsual;
        second.finalized = finalized[i];
        run.seconds.push_back(second);
        run.counts.offered += kUsual;
        still = finalized[i] == 0 ? still + kSecondUs : 0;
        run.blocks.longest_stall_us = std::max(run.blocks.longest_stall_us, still);
    }
    run.counts.finalized = run.counts.in_time = run.counts.offered;
    run.latency.quorum = {
        .count = run.counts.finalized,
        .mean_us = 1,
        .p50_us = 1,
        .p90_us = 1,
        .p99_us = 1,
        .p999_us = 1,
        .max_us = 1};
    return run;
}

/// The same in each second but for these.
bench::Run steady_but(std::size_t from, const std::vector<std::uint64_t>& other) {
    std::vector<std::uint64_t> out(18, kUsual);
    std::ranges::copy(other, out.begin() + static_cast<std::ptrdiff_t>(from));
    return run_of(out);
}

std::vector<std::string> failures(const std::vector<Check>& checks) {
    std::vector<std::string> out;
    for (const Check& check : checks) {
        if (!check.passed) {
            out.push_back(check.what);
        }
    }
    return out;
}

std::vector<std::string> judged(std::string_view name, const bench::Run& run) {
    const FaultKind& kind = **find_fault(name);
    return failures(kind.judge(run, kind.steps(4, run.setup.seconds)));
}

TEST(FaultKinds, have_names_and_are_found_by_them) {
    std::set<std::string_view> names;
    for (const FaultKind& kind : fault_kinds()) {
        EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
        EXPECT_FALSE(kind.about.empty());
        EXPECT_EQ(*find_fault(kind.name), &kind);
    }
    for (const char* name :
         {"crash-f",
          "crash-f+1",
          "restart",
          "partition",
          "slow-leader",
          "latency",
          "loss",
          "byzantine"}) {
        EXPECT_TRUE(names.contains(name)) << name;
    }
    const auto none = find_fault("meteor");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, FailureKind::kUsage);
    EXPECT_THAT(none.error().message, HasSubstr("crash-f, crash-f+1"));
}

TEST(FaultKinds, have_steps_within_the_load_in_order) {
    Random random(5, "loads");
    for (int i = 0; i < 300; ++i) {
        const std::size_t nodes = random.between(4, 64);
        const std::uint64_t seconds = random.between(6, 600);
        for (const FaultKind& kind : fault_kinds()) {
            const auto steps = kind.steps(nodes, seconds);
            ASSERT_FALSE(steps.empty());
            EXPECT_TRUE(std::ranges::is_sorted(steps, {}, &FaultStep::at_us)) << kind.name;
            EXPECT_LT(steps.back().at_us, seconds * kSecondUs) << kind.name;
            for (const FaultStep& step : steps) {
                EXPECT_FALSE(step.what.empty());
                EXPECT_TRUE(step.act);
            }
        }
    }
}

TEST(FaultKinds, say_whom_they_hit) {
    const auto told = [](std::string_view name, std::size_t nodes) {
        std::vector<std::string> out;
        for (const FaultStep& step : (*find_fault(name))->steps(nodes, 12)) {
            out.push_back(step.what);
        }
        return out;
    };
    EXPECT_THAT(told("crash-f", 4), ElementsAre("node 3 is killed", "node 3 is started"));
    EXPECT_THAT(told("crash-f", 7), ElementsAre("nodes 5, 6 are killed", "nodes 5, 6 are started"));
    EXPECT_THAT(
        told("crash-f+1", 4),
        ElementsAre("nodes 2, 3 are killed", "node 2 is started", "node 3 is started"));
    EXPECT_EQ(told("restart", 5).size(), 5U);
}

TEST(FaultKinds, leave_a_quorum_or_do_not_as_they_promise) {
    for (std::size_t nodes = 4; nodes <= 64; ++nodes) {
        const std::size_t faulty = faulty_of(nodes);
        EXPECT_LT(3 * faulty, nodes);
        EXPECT_GE(3 * (faulty + 1), nodes) << "one more is too many";
        EXPECT_EQ(last_nodes(nodes, faulty).size(), faulty);
        EXPECT_EQ(last_nodes(nodes, faulty).back(), nodes - 1);
    }
}

TEST(Judge, crash_f_may_cost_a_moment) {
    // 18 seconds: killed at 6, back at 12.
    EXPECT_THAT(judged("crash-f", steady_but(0, {})), ElementsAre());
    EXPECT_THAT(judged("crash-f", steady_but(6, {600, 1'300})), ElementsAre());
    EXPECT_THAT(
        judged("crash-f", steady_but(6, {400, 700, 1'900})),
        ElementsAre("throughput in the worst 2 s"));
    EXPECT_THAT(
        judged("crash-f", steady_but(6, {700, 900, 700, 900, 700, 900})),
        ElementsAre("time with less than 75 % of the throughput of before"));
    EXPECT_THAT(judged("crash-f", steady_but(12, {0, 0, 0})), ElementsAre())
        << "before and after count not";
}

TEST(Judge, crash_f_plus_1_must_stand_still_and_go_on) {
    EXPECT_THAT(judged("crash-f+1", steady_but(6, {300, 0, 0, 0, 0, 0, 2'000})), ElementsAre());
    EXPECT_THAT(
        judged("crash-f+1", steady_but(0, {})),
        ElementsAre("no block without a quorum", "the longest stall is the outage"));
    EXPECT_THAT(
        judged("partition", steady_but(6, {0, 0, 0, 0, 1, 0})),
        ElementsAre("no block without a quorum", "the longest stall is the outage"));
    bench::Run stuck = steady_but(6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    EXPECT_THAT(judged("crash-f+1", stuck), ElementsAre("blocks come again once a quorum is back"));
}

TEST(Judge, short_runs_prove_nothing) {
    const bench::Run run = run_of({kUsual, kUsual, kUsual});
    EXPECT_THAT(
        failures((*find_fault("crash-f"))->judge(run, (*find_fault("crash-f"))->steps(4, 3))),
        ElementsAre(
            "time with less than 75 % of the throughput of before", "throughput in the worst 2 s"));
    EXPECT_THAT(
        failures((*find_fault("crash-f+1"))->judge(run, (*find_fault("crash-f+1"))->steps(4, 3))),
        ::testing::Contains("no block without a quorum"));
}

TEST(Judge, pauses_and_slowness_have_bounds) {
    EXPECT_THAT(judged("restart", steady_but(6, {0, 0, 0})), ElementsAre());
    EXPECT_THAT(judged("restart", steady_but(6, {0, 0, 0, 0, 0, 0})), ElementsAre("longest stall"));
    EXPECT_THAT(
        judged("slow-leader", steady_but(6, {800, 800, 800, 800, 800, 800})), ElementsAre());
    EXPECT_THAT(
        judged("slow-leader", steady_but(6, {700, 700, 700, 700, 700, 700})),
        ElementsAre("throughput meanwhile"));
    bench::Run late = steady_but(0, {});
    late.counts.in_time = late.counts.offered / 2;
    EXPECT_THAT(judged("latency", late), ElementsAre("keeps up with the load"));
    EXPECT_THAT(judged("loss", late), ElementsAre());
}

TEST(Judge, the_usual_second_is_the_median_of_those_before) {
    EXPECT_EQ(usual_before(run_of({10, 500, 100, 500, 900, 0}), 5 * kSecondUs), 500U)
        << "the first second fills the pipeline";
    EXPECT_EQ(usual_before(run_of({10, 500}), kSecondUs + 1), 10U);
    EXPECT_EQ(usual_before(run_of({10, 500}), kSecondUs - 1), 0U);
}

TEST(Regions, latencies_are_the_same_both_ways) {
    for (std::size_t a = 0; a < kRegions; ++a) {
        for (std::size_t b = 0; b < kRegions; ++b) {
            EXPECT_EQ(kOneWayMs[a][b], kOneWayMs[b][a]);
            EXPECT_EQ(a == b, kOneWayMs[a][b] == 1);
        }
    }
}

TEST(LastingThread, is_one_thread_for_all_who_ask) {
    std::set<std::thread::id> seen;
    for (int i = 0; i < 3; ++i) {
        std::jthread([&] {
            EXPECT_TRUE(on_lasting_thread([&]() -> Fallible<void> {
                seen.insert(std::this_thread::get_id());
                return {};
            }));
        });
    }
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_FALSE(seen.contains(std::this_thread::get_id()));
    const auto failed = on_lasting_thread(
        []() -> Fallible<void> { return std::unexpected(Failure("no such program")); });
    EXPECT_EQ(failed.error().message, "no such program");
}

TEST(NoFork, needs_two_nodes_that_run) {
    devnet::Devnet devnet;
    devnet.manifest.nodes = 4;
    for (std::size_t i = 0; i < 4; ++i) {
        devnet.nodes.push_back(devnet::make_node(devnet.manifest, i, /*validator=*/true));
    }
    const auto found = no_fork(devnet);
    ASSERT_FALSE(found);
    EXPECT_THAT(found.error().message, HasSubstr("0 of 4 nodes run"));
}

}  // namespace

}  // namespace polis::tools::bench
