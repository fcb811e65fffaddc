#include <tools/bench/growth.hpp>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <tools/sim/growth.hpp>

namespace polis::tools::bench {

namespace {

std::uint64_t thread_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    constexpr std::uint64_t kSecond = 1'000'000'000;
    return static_cast<std::uint64_t>(now.tv_sec) * kSecond +
           static_cast<std::uint64_t>(now.tv_nsec);
}

struct Trial {
    Simulated row;
    Check check;
};

Trial simulate(const GrowthPlan& plan, std::size_t nodes) {
    const sim::Growth growth = sim::run_growth(
        {.nodes = nodes,
         .heights = plan.heights,
         .txns_per_second = plan.rate,
         .block_interval_ms = plan.block_interval_ms,
         .seed = plan.random_seed,
         .cpu_clock = thread_ns});
    const auto messages = [&growth](sim::Purpose purpose) {
        return growth.traffic.of(purpose).messages;
    };
    constexpr std::uint64_t kUs = 1'000;
    Trial out;
    out.row = {
        .nodes = nodes,
        .blocks = growth.blocks,
        .txns = growth.txns,
        .proposals = messages(sim::Purpose::kProposal),
        .prepares = messages(sim::Purpose::kPrepare),
        .commits = messages(sim::Purpose::kCommit),
        .relayed = messages(sim::Purpose::kRelay),
        .gossip = messages(sim::Purpose::kTxns),
        .others = messages(sim::Purpose::kOther),
        .sent_bytes = growth.traffic.all().bytes,
        .verifications = growth.checks,
        .cpu_us = growth.cpu_ns / kUs,
        .simulated_ms = growth.simulated_ms,
        .messages_before = growth.before.all().messages,
        .random_seed = plan.random_seed};
    out.check = {
        .what = fmt::format("no promise is broken, {} simulated nodes", nodes),
        .wanted = "none",
        .found = growth.violation ? growth.violation->what : "none",
        .passed = !growth.violation};
    return out;
}

BlockCost cost_of(const Run& run) {
    BlockCost out{.nodes = run.setup.nodes};
    // By the heights between the readings of the counters: the load saw fewer blocks than that.
    for (const NodeUse& node : run.nodes) {
        const std::uint64_t from = std::min(node.height_from, node.height_to);
        out.blocks = std::max(out.blocks, node.height_to - from);
    }
    const double blocks = static_cast<double>(std::max<std::uint64_t>(out.blocks, 1));
    for (const NodeUse& node : run.nodes) {
        out.messages += static_cast<double>(node.messages_sent) / blocks;
        out.bytes += static_cast<double>(node.sent_bytes) / blocks;
        out.cpu_us +=
            (static_cast<double>(node.user_us) + static_cast<double>(node.system_us)) / blocks;
    }
    out.txns = static_cast<double>(run.counts.finalized) / blocks;
    return out;
}

BlockCost cost_of(const Simulated& it) {
    const double blocks = static_cast<double>(std::max<std::uint64_t>(it.blocks, 1));
    return {
        .simulated = true,
        .nodes = it.nodes,
        .blocks = it.blocks,
        .txns = static_cast<double>(it.txns) / blocks,
        .messages = static_cast<double>(messages_of(it)) / blocks,
        .bytes = static_cast<double>(it.sent_bytes) / blocks,
        .cpu_us = static_cast<double>(it.cpu_us) / blocks};
}

/// Nothing if there were no such messages.
std::optional<double> power_of_pairs(
    const Simulated& small, const Simulated& large, std::uint64_t from, std::uint64_t to) {
    const auto pairs = [](const Simulated& it) {
        const double nodes = static_cast<double>(it.nodes);
        return nodes * (nodes - 1);
    };
    const auto by_block = [](const Simulated& it, std::uint64_t sum) {
        return static_cast<double>(sum) / static_cast<double>(it.blocks);
    };
    if (from == 0 || to == 0 || small.blocks == 0 || large.blocks == 0) {
        return std::nullopt;
    }
    return std::log(by_block(large, to) / by_block(small, from)) /
           std::log(pairs(large) / pairs(small));
}

}  // namespace

std::vector<BlockCost> block_costs(const Report& report) {
    std::vector<BlockCost> out;
    for (const Run& run : report.runs) {
        out.push_back(cost_of(run));
    }
    for (const Simulated& it : report.simulated) {
        out.push_back(cost_of(it));
    }
    std::erase_if(out, [](const BlockCost& cost) { return cost.blocks == 0; });
    return out;
}

std::vector<Check> growth_checks(const std::vector<Simulated>& simulated) {
    std::vector<Simulated> rows = simulated;
    std::erase_if(rows, [](const Simulated& it) { return it.nodes < 2; });
    std::vector<Check> out;
    if (rows.empty()) {
        return out;
    }
    const auto [small, large] = std::ranges::minmax_element(rows, {}, &Simulated::nodes);
    if (small->nodes == large->nodes) {
        return out;
    }
    const auto add = [&](std::string_view what, std::uint64_t from, std::uint64_t to) {
        const std::optional<double> power = power_of_pairs(*small, *large, from, to);
        out.push_back(
            {.what = fmt::format(
                 "{} of a block grow as pairs of nodes do, {} to {} nodes",
                 what,
                 small->nodes,
                 large->nodes),
             .wanted = fmt::format("as n(n-1) to the power of at most {}", kPairsPowerMax),
             .found = power ? fmt::format("{:.2f}", *power) : "no messages",
             .passed = power && *power <= kPairsPowerMax});
    };
    add("messages of agreement",
        messages_of(*small) - small->gossip,
        messages_of(*large) - large->gossip);
    add("all messages", messages_of(*small), messages_of(*large));
    return out;
}

Fallible<Report> measure_growth(
    const GrowthPlan& plan,
    const LoadSize& load,
    const std::function<void(std::string_view line)>& say) {
    Report out;
    out.command = "growth";
    for (const std::size_t nodes : plan.nodes) {
        POLIS_TRY(Run run, load(nodes));
        out.runs.push_back(std::move(run));
    }
    for (const std::size_t nodes : plan.simulated) {
        say(fmt::format("simulating {} nodes", nodes));
        Trial one = simulate(plan, nodes);
        out.simulated.push_back(one.row);
        out.checks.push_back(std::move(one.check));
    }
    std::ranges::move(growth_checks(out.simulated), std::back_inserter(out.checks));
    return out;
}

}  // namespace polis::tools::bench
