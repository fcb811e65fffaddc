#include <tools/bench/report/tables.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <tools/bench/growth.hpp>
#include <tools/bench/report/words.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::string_view kNothing = "-";

/// A time of a distribution that may be empty.
std::string time_of(const Spread& spread, std::uint64_t us) {
    return spread.count == 0 ? std::string(kNothing) : time_text(us);
}

/// A figure that is 0 where nothing was finalized.
std::string micros(const Floor& floor, double us) {
    if (floor.ratio <= 0) {
        return std::string(kNothing);
    }
    constexpr double kExact = 1'000;
    return us < kExact ? fmt::format("{:.1f} us", us) : rounded(us) + " us";
}

constexpr double kKib = 1'024;  // in bytes

/// Of a sum over few blocks. @pre at least 0
std::uint64_t to_us(double us) { return static_cast<std::uint64_t>(std::min(us, 1e18)); }

/// 0: there is none.
std::string ratio(double value) {
    return value > 0 ? fmt::format("{:.2f}", value) : std::string(kNothing);
}

}  // namespace

Table runs_table(const Report& report) {
    Table out{
        .head =
            {"run",
             "due/s",
             "finalized/s",
             "finalized",
             "failed",
             "unfinished",
             "p50",
             "p99",
             "longest stall",
             "CPU/txn",
             "x floor"},
        .rows = {}};
    for (const Run& run : report.runs) {
        out.rows.push_back(
            {run.name,
             whole(run.setup.rate),
             rounded(run.per_second),
             whole(run.counts.finalized),
             whole(run.counts.failed),
             whole(run.counts.unfinished),
             time_of(run.latency.quorum, run.latency.quorum.p50_us),
             time_of(run.latency.quorum, run.latency.quorum.p99_us),
             time_text(run.blocks.longest_stall_us),
             micros(run.floor, run.floor.spent_us),
             ratio(run.floor.ratio)});
    }
    return out;
}

Table setups_table(const Report& report) {
    Table out{
        .head =
            {"run",
             "workload",
             "election",
             "fault",
             "nodes",
             "due/s",
             "seconds",
             "senders",
             "block interval",
             "bytes/txn",
             "seed"},
        .rows = {},
        .figures_from = 4};
    for (const Run& run : report.runs) {
        const Setup& setup = run.setup;
        out.rows.push_back(
            {run.name,
             setup.workload,
             setup.election,
             setup.fault.empty() ? "none" : setup.fault,
             whole(setup.nodes),
             whole(setup.rate) + (setup.rate_found ? " (found)" : ""),
             whole(setup.seconds),
             whole(setup.senders),
             fmt::format("{} ms", setup.block_interval_ms),
             whole(run.counts.txn_bytes),
             std::to_string(setup.random_seed)});
    }
    return out;
}

Table machine_table(const Machine& machine) {
    return {
        .head = {"property", "value"},
        .rows =
            {{"processor", machine.cpu},
             {"cores that the processes may use", whole(machine.cores)},
             {"memory", bytes_text(machine.memory_bytes)},
             {"system", machine.system},
             {"compiler", machine.compiler},
             {"polis", machine.version},
             {"load average before", fmt::format("{:.2f}", machine.load_before)},
             {"began", moment_text(machine.began_ms)}},
        .figures_from = 2};
}

Table latency_table(const Report& report) {
    Table out{
        .head = {"run", "from due until", "count", "mean", "p50", "p90", "p99", "p99.9", "max"},
        .rows = {},
        .figures_from = 2};
    for (const Run& run : report.runs) {
        const auto add = [&](std::string_view until, const Spread& spread) {
            out.rows.push_back(
                {run.name,
                 std::string(until),
                 whole(spread.count),
                 time_of(spread, spread.mean_us),
                 time_of(spread, spread.p50_us),
                 time_of(spread, spread.p90_us),
                 time_of(spread, spread.p99_us),
                 time_of(spread, spread.p999_us),
                 time_of(spread, spread.max_us)});
        };
        add("a node took it in", run.latency.accepted);
        add("final at the first node", run.latency.first);
        add("final at 2f+1 nodes", run.latency.quorum);
    }
    return out;
}

Table blocks_table(const Report& report) {
    Table out{
        .head =
            {"run",
             "blocks",
             "most txns",
             "interval p50",
             "interval p99",
             "longest stall",
             "view changes",
             "refusals"},
        .rows = {}};
    for (const Run& run : report.runs) {
        const Blocks& blocks = run.blocks;
        out.rows.push_back(
            {run.name,
             whole(blocks.count),
             whole(blocks.txns_max),
             time_of(blocks.interval, blocks.interval.p50_us),
             time_of(blocks.interval, blocks.interval.p99_us),
             time_text(blocks.longest_stall_us),
             whole(blocks.view_changes),
             whole(run.counts.refusals)});
    }
    return out;
}

Table stages_table(const Run& run) {
    Table out{
        .head = {"stage", "from what to what", "count", "mean", "p50", "p90", "p99", "max"},
        .rows = {},
        .figures_from = 2};
    for (const Stage& stage : run.stages) {
        out.rows.push_back(
            {stage.name,
             stage.about,
             whole(stage.time.count),
             time_of(stage.time, stage.time.mean_us),
             time_of(stage.time, stage.time.p50_us),
             time_of(stage.time, stage.time.p90_us),
             time_of(stage.time, stage.time.p99_us),
             time_of(stage.time, stage.time.max_us)});
    }
    return out;
}

Table nodes_table(const Run& run) {
    Table out{
        .head =
            {"node",
             "user",
             "system",
             "memory",
             "disk",
             "sent",
             "received",
             "messages",
             "signatures",
             "heights",
             "ran through"},
        .rows = {}};
    for (const NodeUse& node : run.nodes) {
        out.rows.push_back(
            {std::to_string(node.node),
             time_text(node.user_us),
             time_text(node.system_us),
             bytes_text(node.resident_bytes_max),
             bytes_text(node.disk_written_bytes),
             bytes_text(node.sent_bytes),
             bytes_text(node.received_bytes),
             node.messages_sent == 0 ? std::string(kNothing) : whole(node.messages_sent),
             whole(node.signatures),
             fmt::format("{} to {}", node.height_from, node.height_to),
             node.ran_through ? "yes" : "no"});
    }
    return out;
}

Table floor_table(const Report& report) {
    Table out{
        .head =
            {"run",
             "verification alone",
             "during the load",
             "floor",
             "spent by all nodes",
             "ratio",
             "ratio to alone",
             "load generator"},
        .rows = {}};
    for (const Run& run : report.runs) {
        const Floor& floor = run.floor;
        out.rows.push_back(
            {run.name,
             fmt::format("{:.1f} us", floor.verify_alone_us),
             fmt::format("{:.1f} us", floor.verify_us),
             fmt::format("{:.1f} us", floor.floor_us),
             micros(floor, floor.spent_us),
             ratio(floor.ratio),
             ratio(ratio_alone(run)),
             micros(floor, floor.client_us)});
    }
    return out;
}

Table growth_table(const Report& report) {
    Table out{
        .head =
            {"network",
             "nodes",
             "blocks",
             "txns a block",
             "messages a block",
             "for a pair of nodes",
             "KiB a block",
             "CPU a block",
             "CPU a node and block"},
        .rows = {}};
    for (const BlockCost& cost : block_costs(report)) {
        const double nodes = static_cast<double>(cost.nodes);
        out.rows.push_back(
            {cost.simulated ? "simulated" : "real",
             whole(cost.nodes),
             whole(cost.blocks),
             fmt::format("{:.1f}", cost.txns),
             rounded(cost.messages),
             cost.nodes < 2 ? std::string(kNothing)
                            : fmt::format("{:.1f}", cost.messages / (nodes * (nodes - 1))),
             rounded(cost.bytes / kKib),
             time_text(to_us(cost.cpu_us)),
             cost.nodes == 0 ? std::string(kNothing) : time_text(to_us(cost.cpu_us / nodes))});
    }
    return out;
}

Table simulated_table(const Report& report) {
    Table out{
        .head =
            {"nodes",
             "proposals",
             "prepares",
             "commits",
             "passed on",
             "of transactions",
             "others",
             "verified by a node",
             "block time",
             "messages before"},
        .rows = {}};
    for (const Simulated& it : report.simulated) {
        const auto by_block = [&it](std::uint64_t sum) {
            return it.blocks == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(it.blocks);
        };
        const double nodes = static_cast<double>(std::max<std::uint64_t>(it.nodes, 1));
        out.rows.push_back(
            {whole(it.nodes),
             rounded(by_block(it.proposals)),
             rounded(by_block(it.prepares)),
             rounded(by_block(it.commits)),
             rounded(by_block(it.relayed)),
             rounded(by_block(it.gossip)),
             rounded(by_block(it.others)),
             rounded(by_block(it.verifications) / nodes),
             fmt::format("{:.0f} ms", by_block(it.simulated_ms)),
             whole(it.messages_before)});
    }
    return out;
}

bool has_learning(const Report& report) {
    return std::ranges::any_of(
        report.runs, [](const Run& run) { return run.learning.has_value(); });
}

Table learning_table(const Report& report) {
    using Tell = std::function<std::string(const Learning&)>;
    const std::vector<std::pair<std::string, Tell>> figures = {
        {"rounds settled", [](const Learning& it) { return whole(it.rounds); }},
        {"samples", [](const Learning& it) { return whole(it.samples); }},
        {"samples/s, all nodes", [](const Learning& it) { return rounded(it.samples_per_s); }},
        {"jobs done", [](const Learning& it) { return whole(it.jobs_done); }},
        {"jobs wasted", [](const Learning& it) { return whole(it.jobs_wasted); }},
        {"proofs rejected", [](const Learning& it) { return whole(it.proofs_rejected); }},
        {"time spent training", [](const Learning& it) { return share_text(it.train_ratio); }},
        {"best accuracy",
         [](const Learning& it) {
             return it.best_accuracy ? share_text(*it.best_accuracy) : std::string(kNothing);
         }},
        {"time to target", [](const Learning& it) {
             constexpr std::uint64_t kMs = 1'000;
             return it.time_to_target_ms ? time_text(*it.time_to_target_ms * kMs)
                                         : std::string(kNothing);
         }}};
    Table out{.head = {"figure"}, .rows = {}};
    for (const auto& [name, unused] : figures) {
        out.rows.push_back({name});
    }
    for (const Run& run : report.runs) {
        if (!run.learning) {
            continue;
        }
        out.head.push_back(run.name);
        for (std::size_t row = 0; row < figures.size(); ++row) {
            out.rows[row].push_back(figures[row].second(*run.learning));
        }
    }
    return out;
}

Table checks_table(const Report& report) {
    Table out{.head = {"", "run", "check", "wanted", "found"}, .rows = {}, .figures_from = 5};
    const auto add = [&](const Check& check, const std::string& run) {
        out.rows.push_back(
            {check.passed ? "ok" : "FAILED", run, check.what, check.wanted, check.found});
    };
    for (const Check& check : report.checks) {
        add(check, "all");
    }
    for (const Run& run : report.runs) {
        for (const Check& check : run.checks) {
            add(check, run.name);
        }
    }
    return out;
}

}  // namespace polis::tools::bench
