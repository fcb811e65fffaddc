#include <tools/bench/report/csv.hpp>

#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace polis::tools::bench {

namespace {

constexpr std::string_view kEnd = "\r\n";

std::string field(std::string_view text) { return csv_field(text); }

std::string field(bool value) { return value ? "1" : "0"; }

std::string field(std::uint64_t value) { return std::to_string(value); }

/// The shortest text that reads back as the same number.
std::string field(double value) { return fmt::format("{}", value); }

template <class T>
std::string field(const std::optional<T>& value) {
    return value ? field(*value) : std::string();
}

/// Fields of one row, in the order in which they are given.
template <class... Values>
std::string row(const Values&... values) {
    std::string out;
    ((out += field(values), out += ','), ...);
    out.pop_back();
    return out;
}

constexpr std::string_view kSpreadColumns = "count,mean_us,p50_us,p90_us,p99_us,p999_us,max_us";

std::string spread_row(const Spread& spread) {
    return row(
        spread.count,
        spread.mean_us,
        spread.p50_us,
        spread.p90_us,
        spread.p99_us,
        spread.p999_us,
        spread.max_us);
}

std::string setup_row(const Setup& setup) {
    return row(
        setup.workload,
        setup.election,
        setup.fault,
        setup.nodes,
        setup.rate,
        setup.rate_found,
        setup.seconds,
        setup.senders,
        setup.block_interval_ms,
        setup.random_seed);
}

std::string counts_row(const Counts& counts) {
    return row(
        counts.offered,
        counts.finalized,
        counts.in_time,
        counts.failed,
        counts.unfinished,
        counts.refusals,
        counts.txn_bytes);
}

std::string blocks_row(const Blocks& blocks) {
    return row(
        blocks.count,
        blocks.txns_max,
        blocks.interval.p50_us,
        blocks.interval.p99_us,
        blocks.view_changes,
        blocks.longest_stall_us);
}

std::string floor_row(const Floor& floor) {
    return row(
        floor.verify_alone_us,
        floor.verify_us,
        floor.floor_us,
        floor.spent_us,
        floor.ratio,
        floor.client_us);
}

bool all_passed(const Run& run) {
    bool out = true;
    for (const Check& check : run.checks) {
        out = out && check.passed;
    }
    return out;
}

/// The columns of a run that learned nothing are empty.
std::string learning_row(const std::optional<Learning>& learning) {
    if (!learning) {
        return ",,,,,,,,";
    }
    return row(
        learning->rounds,
        learning->samples,
        learning->samples_per_s,
        learning->jobs_done,
        learning->jobs_wasted,
        learning->proofs_rejected,
        learning->train_ratio,
        learning->best_accuracy,
        learning->time_to_target_ms);
}

}  // namespace

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
        return std::string(text);
    }
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' ? "\"\"" : std::string(1, c);
    }
    return out + '"';
}

std::string runs_csv(const Report& report) {
    std::string out =
        "run,workload,election,fault,nodes,rate_per_s,rate_found,seconds,senders,"
        "block_interval_ms,random_seed,offered,finalized,in_time,failed,unfinished,refusals,"
        "txn_bytes,finalized_per_s,quorum_p50_us,quorum_p99_us,blocks,block_txns_max,"
        "block_interval_p50_us,block_interval_p99_us,view_changes,longest_stall_us,"
        "verify_alone_us,verify_us,floor_us,spent_us,ratio,client_us,"
        "rounds,samples,samples_per_s,jobs_done,jobs_wasted,proofs_rejected,train_ratio,best_"
        "accuracy,"
        "time_to_target_ms,passed\r\n";
    for (const Run& run : report.runs) {
        out += fmt::format(
            "{},{},{},{},{},{},{},{},{}{}",
            field(run.name),
            setup_row(run.setup),
            counts_row(run.counts),
            field(run.per_second),
            row(run.latency.quorum.p50_us, run.latency.quorum.p99_us),
            blocks_row(run.blocks),
            floor_row(run.floor),
            learning_row(run.learning),
            field(all_passed(run)),
            kEnd);
    }
    return out;
}

std::string seconds_csv(const Report& report) {
    std::string out =
        "run,at_s,due,accepted,finalized,p50_us,p99_us,waiting,height,nodes_up,cpu_us\r\n";
    for (const Run& run : report.runs) {
        for (const Second& second : run.seconds) {
            out +=
                row(run.name,
                    second.at_s,
                    second.due,
                    second.accepted,
                    second.finalized,
                    second.p50_us,
                    second.p99_us,
                    second.waiting,
                    second.height,
                    second.nodes_up,
                    second.cpu_us);
            out += kEnd;
        }
    }
    return out;
}

std::string nodes_csv(const Report& report) {
    std::string out =
        "run,node,user_us,system_us,resident_bytes_max,disk_written_bytes,sent_bytes,"
        "received_bytes,messages_sent,signatures,height_from,height_to,ran_through\r\n";
    for (const Run& run : report.runs) {
        for (const NodeUse& node : run.nodes) {
            out +=
                row(run.name,
                    node.node,
                    node.user_us,
                    node.system_us,
                    node.resident_bytes_max,
                    node.disk_written_bytes,
                    node.sent_bytes,
                    node.received_bytes,
                    node.messages_sent,
                    node.signatures,
                    node.height_from,
                    node.height_to,
                    node.ran_through);
            out += kEnd;
        }
    }
    return out;
}

std::string stages_csv(const Report& report) {
    std::string out = fmt::format("run,stage,about,{}{}", kSpreadColumns, kEnd);
    for (const Run& run : report.runs) {
        for (const Stage& stage : run.stages) {
            out += fmt::format(
                "{},{}{}", row(run.name, stage.name, stage.about), spread_row(stage.time), kEnd);
        }
    }
    return out;
}

std::string simulated_csv(const Report& report) {
    std::string out =
        "nodes,blocks,txns,proposals,prepares,commits,relayed,gossip,others,sent_bytes,"
        "verifications,cpu_us,simulated_ms,messages_before,random_seed\r\n";
    for (const Simulated& it : report.simulated) {
        out +=
            row(it.nodes,
                it.blocks,
                it.txns,
                it.proposals,
                it.prepares,
                it.commits,
                it.relayed,
                it.gossip,
                it.others,
                it.sent_bytes,
                it.verifications,
                it.cpu_us,
                it.simulated_ms,
                it.messages_before,
                it.random_seed);
        out += kEnd;
    }
    return out;
}

std::string latency_csv(const Report& report) {
    std::string out = fmt::format("run,until,{}{}", kSpreadColumns, kEnd);
    for (const Run& run : report.runs) {
        const auto add = [&](std::string_view until, const Spread& spread) {
            out += fmt::format(
                "{},{}{}", row(std::string_view(run.name), until), spread_row(spread), kEnd);
        };
        add("accepted", run.latency.accepted);
        add("first", run.latency.first);
        add("quorum", run.latency.quorum);
    }
    return out;
}

}  // namespace polis::tools::bench
