#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <tools/learning/curve.hpp>
#include <tools/learning/export_curves.hpp>
#include <tools/learning/sparkline.hpp>
#include <tools/learning/watch_view.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/many_nodes.hpp>
#include <tools/polis/task_look.hpp>

namespace polis::tools {

namespace {

using learning::NodeCurve;
using learning::Watched;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookPause{500};
constexpr std::size_t kColumns = 120;  ///< where the terminal does not say
constexpr std::size_t kSparkWidth = 40;

struct WatchOptions {
    NodeOptions node;
    std::string id;
    std::uint64_t timeout_s = 0;
};

std::size_t terminal_columns() {
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                             : kColumns;
}

/// The curves of the nodes that answer. @error none does, or an answer is none
Fallible<std::vector<NodeCurve>> curves_of(std::vector<NamedNode>& nodes, const std::string& id) {
    const auto answers = ask_all(nodes, "task_curve", {{"task", id}});
    std::vector<NodeCurve> out;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (answers[i]) {
            POLIS_TRY(NodeCurve curve, learning::parse_curve(nodes[i].name, *answers[i]));
            out.push_back(std::move(curve));
        }
    }
    if (out.empty()) {
        return std::unexpected(to_failure(answers.front().error()));
    }
    return out;
}

/// The first node that answers a question.
Fallible<Json> ask_any(
    std::vector<NamedNode>& nodes, std::string_view method, const Json& params = Json::object()) {
    Fallible<Json> out = std::unexpected(Failure("there is no node to ask"));
    for (NamedNode& node : nodes) {
        out = ask(node.client, method, params);
        if (out) {
            break;
        }
    }
    return out;
}

Fallible<Watched> look(std::vector<NamedNode>& nodes, const std::string& id) {
    Watched out;
    POLIS_TRY(out.task, ask_any(nodes, "task_get", {{"task", id}}));
    if (out.task.is_null()) {
        return std::unexpected(Failure(
            "no node here knows the task " + id + "; `polis task list` shows which there are"));
    }
    POLIS_TRY(Json round, ask_any(nodes, "task_round"));
    if (round.is_object() && round.value("task", "") == id) {
        out.round = std::move(round);
    }
    if (out.task.value("state", "") == "settled") {
        POLIS_TRY(out.result, ask_any(nodes, "task_leaderboard", {{"task", id}}));
    }
    POLIS_TRY(out.curves, curves_of(nodes, id));
    out.silent = nodes.size() - out.curves.size();
    for (const NodeCurve& curve : out.curves) {
        out.now_ms = std::max(out.now_ms, curve.now_ms);
    }
    return out;
}

/// Shows one moment in the way that suits whoever reads.
Outcome show(const Watched& watched, learning::Narrator& narrator, bool json) {
    if (json) {
        return print(learning::to_json(watched).dump() + '\n');
    }
    if (::isatty(STDOUT_FILENO) == 1) {
        return print("\x1b[H\x1b[J" + learning::picture(watched, terminal_columns()));
    }
    for (const std::string& line : narrator.tell(watched)) {
        POLIS_TRY_VOID(print(line + '\n'));
    }
    return {};
}

Outcome watch(const WatchOptions& options) {
    POLIS_TRY(std::vector<NamedNode> nodes, all_nodes(options.node));
    learning::Narrator narrator;
    const auto deadline = Clock::now() + std::chrono::seconds(options.timeout_s);
    while (true) {
        POLIS_TRY(const Watched watched, look(nodes, options.id));
        POLIS_TRY_VOID(show(watched, narrator, options.node.json));
        const std::string state = watched.task.value("state", "");
        if (watched.result.is_object()) {
            const bool shown = options.node.json || ::isatty(STDOUT_FILENO) == 1;
            return shown ? Outcome() : print_answer(watched.result, /*as_json=*/false);
        }
        if (state == "cancelled" || state == "expired" || state == "displaced") {
            return std::unexpected(Failure("the task was " + state + " and its coins returned"));
        }
        if (options.timeout_s != 0 && Clock::now() >= deadline) {
            return timed_out(
                "the task is not settled yet; go on with: polis task watch " + options.id);
        }
        std::this_thread::sleep_for(kLookPause);
    }
}

Report point_row(const learning::CurvePoint& point) {
    Report row;
    row.note("elapsed", learning::duration_text(point.elapsed_ms));
    row.note("epoch", std::to_string(point.epoch));
    row.note("samples", std::to_string(point.samples));
    row.note("loss", fmt::format("{:.4f}", static_cast<double>(point.loss_micro) / 1e6));
    row.note("accuracy", fmt::format("{:.2f} %", static_cast<double>(point.accuracy_ppm) / 1e4));
    row.note("samples_per_s", std::to_string(point.samples_per_s));
    return row;
}

template <class Value>
std::string spark(const learning::CurveJob& job, Value value) {
    std::vector<std::uint64_t> values;
    for (const learning::CurvePoint& point : job.points) {
        values.push_back(point.*value);
    }
    return learning::sparkline(values, kSparkWidth);
}

Outcome print_job(const NodeCurve& curve, const learning::CurveJob& job) {
    Report report;
    report.note("node", curve.node);
    report.note("round", std::to_string(job.round));
    report.note("model", job.model);
    report.note("device", job.device);
    report.note(
        "end",
        job.correct ? fmt::format("model, {} of {} right", *job.correct, job.count)
                    : job.end + (job.cause.empty() ? "" : ": " + job.cause));
    if (!job.points.empty()) {
        report.note("loss", spark(job, &learning::CurvePoint::loss_micro));
        report.note("accuracy", spark(job, &learning::CurvePoint::accuracy_ppm));
        std::vector<Report> rows;
        for (const learning::CurvePoint& point : job.points) {
            rows.push_back(point_row(point));
        }
        report.list("points", std::move(rows));
    }
    return print(report.to_text() + '\n');
}

Outcome curve(const WatchOptions& options) {
    POLIS_TRY(std::vector<NamedNode> nodes, all_nodes(options.node));
    if (options.node.json) {
        Json out = Json::array();
        const auto answers = ask_all(nodes, "task_curve", {{"task", options.id}});
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            if (answers[i]) {
                Json row = {{"node", nodes[i].name}};
                row.update(*answers[i]);
                out.push_back(std::move(row));
            }
        }
        return print(out.dump(2) + '\n');
    }
    POLIS_TRY(const std::vector<NodeCurve> curves, curves_of(nodes, options.id));
    std::size_t jobs = 0;
    for (const NodeCurve& one : curves) {
        for (const learning::CurveJob& job : one.jobs) {
            POLIS_TRY_VOID(print_job(one, job));
            ++jobs;
        }
    }
    if (jobs == 0) {
        return std::unexpected(Failure(
            "these nodes trained nothing for the task; a node remembers its last 16 jobs until it "
            "ends"));
    }
    return {};
}

struct ExportOptions {
    NodeOptions node;
    std::string id;
    std::string format = "csv";
    std::string output;
};

Outcome export_curves(const ExportOptions& options) {
    const auto format = learning::parse_export_format(options.format);
    if (!format) {
        return wrong_usage("--to is csv, jsonl or tensorboard, not " + options.format);
    }
    const bool events = *format == learning::ExportFormat::kTensorboard;
    if (events && options.output.find("tfevents") == std::string::npos) {
        return wrong_usage(
            "TensorBoard reads files whose name holds \"tfevents\"; write -o "
            "events.out.tfevents.polis");
    }
    POLIS_TRY(std::vector<NamedNode> nodes, all_nodes(options.node));
    POLIS_TRY(const std::vector<NodeCurve> curves, curves_of(nodes, options.id));
    std::size_t points = 0;
    for (const NodeCurve& one : curves) {
        for (const learning::CurveJob& job : one.jobs) {
            points += job.points.size();
        }
    }
    if (points == 0) {
        return std::unexpected(Failure(
            "these nodes have no curve of the task; a node remembers its last 16 jobs until it "
            "ends"));
    }
    std::string content;
    if (events) {
        content = as_text(learning::to_tensorboard(curves));
    } else {
        content = *format == learning::ExportFormat::kCsv ? learning::to_csv(curves)
                                                          : learning::to_jsonl(curves);
    }
    std::ofstream out(options.output, std::ios::binary);
    out << content;
    out.close();
    if (!out) {
        return std::unexpected(
            Failure("cannot write " + options.output + "; check the folder and the disk"));
    }
    Report report;
    report.text("file", options.output).text("format", options.format);
    report.number("points", points);
    return print(report, options.node.json);
}

void add_id(CLI::App& command, std::string& id) {
    command.add_option("ID", id, "The task's id")
        ->required()
        ->check(CLI::Validator(check_hash, ""));
}

}  // namespace

void add_task_look_commands(Program& program, CLI::App& group) {
    const auto watched = std::make_shared<WatchOptions>();
    CLI::App& watch_command =
        *group.add_subcommand("watch", "Follow a task live until it is settled");
    add_id(watch_command, watched->id);
    add_node_options(watch_command, watched->node);
    watch_command.add_option("--timeout", watched->timeout_s, "Seconds; default: no limit");
    program.on(watch_command, [watched] { return watch(*watched); });

    const auto curved = std::make_shared<WatchOptions>();
    CLI::App& curve_command =
        *group.add_subcommand("curve", "Loss and accuracy over time of the nodes here");
    add_id(curve_command, curved->id);
    add_node_options(curve_command, curved->node);
    program.on(curve_command, [curved] { return curve(*curved); });

    const auto exported = std::make_shared<ExportOptions>();
    CLI::App& export_command = *group.add_subcommand("export", "Curves as a file");
    add_id(export_command, exported->id);
    add_node_options(export_command, exported->node);
    export_command.add_option("--to", exported->format, "csv, jsonl or tensorboard")
        ->capture_default_str();
    export_command.add_option("-o,--output", exported->output, "The file")->required();
    program.on(export_command, [exported] { return export_curves(*exported); });
}

}  // namespace polis::tools
