// The registry of fault schedules: a function for the steps, one for the judgement, a line in
// kinds(). What the steps do is in faults_act.cpp, what is judged in faults_judge.cpp.
#include <tools/bench/faults.hpp>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <tools/bench/faults_act.hpp>
#include <tools/bench/faults_judge.hpp>
#include <tools/bench/twin.hpp>
#include <tools/devnet/faults.hpp>

namespace polis::tools::bench {

namespace {

using Steps = std::vector<FaultStep>;
using Checks = std::vector<Check>;

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kSlowMs = 300;
constexpr std::uint32_t kLossPpm = 10'000;
/// What a failed view or two may cost where messages are slow, lost or contradictory.
constexpr std::uint64_t kStallUsMax = 5 * kSecondUs;
/// A stall is measured from block to block: it may begin a moment after its cause.
constexpr std::uint64_t kStallSlackUs = kSecondUs;

/// That share of the load.
std::uint64_t part_us(std::uint64_t seconds, std::uint64_t parts, std::uint64_t of) {
    return seconds * kSecondUs * parts / of;
}

Span until_last(const Steps& steps) {
    return {.from_us = steps.front().at_us, .to_us = steps.back().at_us};
}

/// "node 3 is", "nodes 2, 3 are"
std::string they_are(const std::vector<std::size_t>& nodes) {
    return nodes.size() == 1 ? fmt::format("node {} is", nodes.front())
                             : fmt::format("nodes {} are", fmt::join(nodes, ", "));
}

FaultStep kill_step(std::uint64_t at_us, std::vector<std::size_t> nodes) {
    return {
        .at_us = at_us,
        .what = they_are(nodes) + " killed",
        .act = [nodes](devnet::Devnet& devnet) { return kill_all(devnet, nodes); }};
}

FaultStep start_step(std::uint64_t at_us, std::vector<std::size_t> nodes) {
    return {
        .at_us = at_us,
        .what = they_are(nodes) + " started",
        .act = [nodes](devnet::Devnet& devnet) { return start_all(devnet, nodes); }};
}

FaultStep heal_step(std::uint64_t at_us, std::string what) {
    return {.at_us = at_us, .what = std::move(what), .act = [](devnet::Devnet& devnet) {
                return devnet::clear_faults(devnet);
            }};
}

Steps crash_f(std::size_t nodes, std::uint64_t seconds) {
    const auto victims = last_nodes(nodes, faulty_of(nodes));
    return {
        kill_step(part_us(seconds, 1, 3), victims), start_step(part_us(seconds, 2, 3), victims)};
}

Checks judge_loss(const Run& run, const Steps& steps) {
    return {dips_briefly(run, until_last(steps)), dips_little(run, until_last(steps))};
}

/// One comes back at two thirds of the load and makes a quorum, the others later.
Steps crash_more(std::size_t nodes, std::uint64_t seconds) {
    auto victims = last_nodes(nodes, faulty_of(nodes) + 1);
    Steps out{
        kill_step(part_us(seconds, 1, 3), victims),
        start_step(part_us(seconds, 2, 3), {victims.front()})};
    victims.erase(victims.begin());
    out.push_back(start_step(part_us(seconds, 5, 6), victims));
    return out;
}

/// The quorum is gone from the first step to the second one.
Checks judge_stall(const Run& run, const Steps& steps) {
    const Span gone{.from_us = steps[0].at_us, .to_us = steps[1].at_us};
    const std::uint64_t least_us =
        gone.to_us - gone.from_us - std::min(gone.to_us - gone.from_us, kStallSlackUs);
    return {
        stands_still(run, gone),
        {.what = "the longest stall is the outage",
         .wanted = fmt::format("at least {} ms", least_us / 1'000),
         .found = fmt::format("{} ms", run.blocks.longest_stall_us / 1'000),
         .passed = run.blocks.longest_stall_us >= least_us},
        recovers(run, gone.to_us)};
}

Steps restart(std::size_t nodes, std::uint64_t seconds) {
    Steps out;
    for (std::size_t i = 0; i < nodes; ++i) {
        out.push_back(
            {.at_us = part_us(seconds, i + 1, nodes + 2),
             .what = fmt::format("node {} is restarted", i),
             .act = [i](devnet::Devnet& devnet) { return restart_gracefully(devnet, i); }});
    }
    return out;
}

Checks judge_pauses(const Run& run, const Steps& /*steps*/) {
    return {stall_at_most(run, kStallUsMax)};
}

Steps partition(std::size_t /*nodes*/, std::uint64_t seconds) {
    return {
        {.at_us = part_us(seconds, 1, 3),
         .what = "the network is cut in two halves",
         .act = [](devnet::Devnet& devnet) { return cut_in_halves(devnet); }},
        heal_step(part_us(seconds, 2, 3), "the network is whole")};
}

Steps slow_leader(std::size_t /*nodes*/, std::uint64_t seconds) {
    return {
        {.at_us = part_us(seconds, 1, 3),
         .what = fmt::format("all links of the leader take {} ms", kSlowMs),
         .act = [](devnet::Devnet& devnet) { return slow_down_leader(devnet, kSlowMs); }},
        heal_step(part_us(seconds, 2, 3), "the links are fast")};
}

Checks judge_slowness(const Run& run, const Steps& steps) {
    return {holds_up(run, until_last(steps)), stall_at_most(run, kStallUsMax)};
}

Steps latency(std::size_t /*nodes*/, std::uint64_t /*seconds*/) {
    return {
        {.at_us = 0,
         .what = "the nodes stand on three continents",
         .act = [](devnet::Devnet& devnet) { return spread_over_regions(devnet); }}};
}

Checks judge_pace(const Run& run, const Steps& /*steps*/) {
    return {keeps_pace(run), stall_at_most(run, kStallUsMax)};
}

Steps loss(std::size_t /*nodes*/, std::uint64_t /*seconds*/) {
    return {
        {.at_us = 0,
         .what = fmt::format("{} % of all messages are lost", kLossPpm / 10'000),
         .act = [](devnet::Devnet& devnet) { return lose_messages(devnet, kLossPpm); }}};
}

/// The twin ends with the steps, if not before.
Steps byzantine(std::size_t nodes, std::uint64_t seconds) {
    const auto twin = std::make_shared<Twin>();
    const std::size_t victim = nodes - 1;
    return {
        {.at_us = part_us(seconds, 1, 4),
         .what = fmt::format("a second node signs with the keys of node {}", victim),
         .act = [=](devnet::Devnet& devnet) { return twin->start(devnet, victim); }},
        {.at_us = part_us(seconds, 3, 4),
         .what = "the second node is killed",
         .act = [=](devnet::Devnet& /*devnet*/) {
             twin->end();
             return Fallible<void>{};
         }}};
}

Fallible<Checks> inspect_traces(const devnet::Devnet& devnet) {
    POLIS_TRY(const TwinTraces traces, twin_traces(devnet));
    return Checks{
        {.what = "who signs twice is found",
         .wanted = "an offence punished on chain, or an alarm",
         .found = fmt::format(
             "{} offences punished, {} alarms{}",
             traces.punished,
             traces.alarms,
             traces.first_alarm.empty() ? "" : fmt::format(" (\"{}\")", traces.first_alarm)),
         .passed = traces.punished + traces.alarms > 0}};
}

const std::vector<FaultKind>& kinds() {
    static const std::vector<FaultKind> kKinds{
        {.name = "crash-f",
         .about = "as many nodes as may fail are killed and come back",
         .steps = crash_f,
         .judge = judge_loss,
         .inspect = {}},
        {.name = "crash-f+1",
         .about = "one more than may fail: stands still, never forks, goes on",
         .steps = crash_more,
         .judge = judge_stall,
         .inspect = {}},
        {.name = "restart",
         .about = "every node in turn ends properly and comes back",
         .steps = restart,
         .judge = judge_pauses,
         .inspect = {}},
        {.name = "partition",
         .about = "two halves without a link, then one network",
         .steps = partition,
         .judge = judge_stall,
         .inspect = {}},
        {.name = "slow-leader",
         .about = "all links of one leader take 300 ms",
         .steps = slow_leader,
         .judge = judge_slowness,
         .inspect = {}},
        {.name = "latency",
         .about = "three regions with the latencies of continents",
         .steps = latency,
         .judge = judge_pace,
         .inspect = {}},
        {.name = "loss",
         .about = "1 % of all messages are lost",
         .steps = loss,
         .judge = judge_pauses,
         .inspect = {}},
        {.name = "byzantine",
         .about = "a second process signs with the keys of a validator",
         .steps = byzantine,
         .judge = judge_pauses,
         .inspect = inspect_traces}};
    return kKinds;
}

}  // namespace

Fallible<void> check_network(const devnet::Devnet& devnet, const FaultKind* fault, Run& run) {
    POLIS_TRY(Check agreement, no_fork(devnet));
    run.checks.push_back(std::move(agreement));
    if (fault != nullptr && fault->inspect) {
        POLIS_TRY(Checks found, fault->inspect(devnet));
        std::ranges::move(found, std::back_inserter(run.checks));
    }
    return {};
}

std::span<const FaultKind> fault_kinds() { return kinds(); }

Fallible<const FaultKind*> find_fault(std::string_view name) {
    const auto found = std::ranges::find(kinds(), name, &FaultKind::name);
    if (found == kinds().end()) {
        std::vector<std::string_view> names;
        for (const FaultKind& kind : kinds()) {
            names.push_back(kind.name);
        }
        return wrong_usage(fmt::format(
            "there is no fault schedule '{}'; choose one of {}", name, fmt::join(names, ", ")));
    }
    return &*found;
}

}  // namespace polis::tools::bench
