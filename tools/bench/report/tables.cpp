#include <tools/bench/report/tables.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

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

std::string ratio(const Floor& floor) {
    return floor.ratio > 0 ? fmt::format("{:.2f}", floor.ratio) : std::string(kNothing);
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
             ratio(run.floor)});
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
             "verification before",
             "after",
             "floor",
             "spent by all nodes",
             "ratio",
             "load generator"},
        .rows = {}};
    for (const Run& run : report.runs) {
        const Floor& floor = run.floor;
        out.rows.push_back(
            {run.name,
             fmt::format("{:.1f} us", floor.verify_before_us),
             fmt::format("{:.1f} us", floor.verify_after_us),
             fmt::format("{:.1f} us", floor.floor_us),
             micros(floor, floor.spent_us),
             ratio(floor),
             micros(floor, floor.client_us)});
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
