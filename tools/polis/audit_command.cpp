#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <tools/learning/audit.hpp>
#include <tools/learning/chain_records.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>
#include <tools/polis/scores.hpp>

namespace polis::tools {

namespace {

struct AuditOptions {
    NodeOptions node;
    std::string task;
    bool all = false;
};

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) {
        out += (out.empty() ? "" : "; ") + text;
    }
    return out.empty() ? "-" : out;
}

std::string score_cell(const std::optional<consensus::pole::ScoreResult>& score) {
    if (!score) {
        return "-";
    }
    if (score->verdict != consensus::pole::Verdict::kScored) {
        return score->verdict == consensus::pole::Verdict::kBadModel ? "bad model" : "bad data";
    }
    return score_text(
        {.correct = score->correct, .cross_entropy = score->cross_entropy, .count = score->count});
}

/// A score for programs and for people.
void add_cell(
    Report& row, std::string_view key, const std::optional<consensus::pole::ScoreResult>& score) {
    Report::Json json;  // every row of a table has the same cells
    if (score) {
        json = {
            {"correct", score->correct},
            {"count", score->count},
            {"crossEntropy", std::to_string(score->cross_entropy)},
            {"valid", score->verdict == consensus::pole::Verdict::kScored}};
    }
    row.json(key, std::move(json));
    row.note(key, score_cell(score));
}

/// Reasons: a list for programs, a line for people.
void add_differences(Report& report, const std::vector<std::string>& texts) {
    report.json("differences", texts);
    report.note("difference", joined(texts));
}

Report row_of(const learning::AuditedEntry& entry) {
    Report row;
    row.number("rank", entry.rank).address("trainer", entry.chain.trainer);
    row.text("end", ledger::tasks::to_string(entry.chain.end));
    add_cell(row, "chain", entry.chain.score);
    add_cell(row, "worked_out", entry.evaluated);
    row.amount("paid", entry.chain.paid);
    row.text("verdict", entry.differences.empty() ? "ok" : "differs");
    add_differences(row, entry.differences);
    return row;
}

Report report_of(const learning::Audit& audit) {
    Report report;
    report.bytes("task", audit.task.view()).text("name", audit.name);
    report.number("round", audit.round).number("blocks", audit.blocks);
    report.number("blobs", audit.availabilities).number("scores", audit.scores);
    report.text("verdict", audit.agrees() ? "ok" : "differs");
    add_differences(report, audit.differences);
    std::vector<Report> rows;
    for (const learning::AuditedEntry& entry : audit.entries) {
        rows.push_back(row_of(entry));
    }
    report.list("entries", std::move(rows));
    return report;
}

Outcome run(const AuditOptions& options) {
    if (options.all == !options.task.empty()) {
        return wrong_usage("name a task or --all");
    }
    POLIS_TRY(RpcClient client, connect(options.node));
    std::vector<Hash> ids;
    if (options.all) {
        POLIS_TRY(ids, learning::settled_tasks(client));
    } else {
        ids.push_back(*fixed_from_hex<Hash>(options.task));
    }
    std::size_t differing = 0;
    Report::Json json = Report::Json::array();
    std::string text;
    for (const Hash& id : ids) {
        if (options.all) {
            say_progress("auditing " + to_hex_prefixed(id.view()));
        }
        POLIS_TRY(const learning::Audit audit, learning::audit(client, id));
        differing += audit.agrees() ? 0U : 1U;
        const Report report = report_of(audit);
        json.push_back(report.to_json());
        text += (text.empty() ? "" : "\n") + report.to_text();
    }
    if (ids.empty()) {
        text = "no round is settled yet\n";
    }
    const Report::Json& shown = options.all ? json : json.front();
    POLIS_TRY_VOID(print(options.node.json ? shown.dump(2) + '\n' : text));
    if (differing > 0) {
        return std::unexpected(Failure(fmt::format(
            "{} of {} rounds differ from what follows from their blocks and blobs; compare with "
            "another node: polis audit --rpc",
            differing,
            ids.size())));
    }
    return {};
}

}  // namespace

void add_audit_command(Program& program) {
    const auto options = std::make_shared<AuditOptions>();
    CLI::App& command = *program.app.add_subcommand(
        "audit", "Work a settled round out again: blobs, scores, ranking, payments");
    command.add_option("TASK", options->task, "The task's id")
        ->check(CLI::Validator(check_hash, ""));
    command.add_flag("--all", options->all, "Every settled round that the node remembers");
    add_node_options(command, options->node);
    program.on(command, [options] { return run(*options); });
}

}  // namespace polis::tools
