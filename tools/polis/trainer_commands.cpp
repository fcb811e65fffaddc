#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <tools/polis/command.hpp>
#include <tools/polis/json_report.hpp>
#include <tools/polis/many_nodes.hpp>
#include <tools/polis/node_access.hpp>

namespace polis::tools {

namespace {

struct TrainerOptions {
    NodeOptions node;
    std::uint64_t lines = 50;
};

std::string text_at(const Json& object, const char* key) {
    const std::string text = object.value(key, "");
    return text.empty() ? "-" : text;
}

std::string job_text(const Json& job) {
    return job.is_object() ? fmt::format(
                                 "{} in round {}: {}",
                                 job.value("model", ""),
                                 job.value("round", 0),
                                 job.value("end", ""))
                           : std::string("-");
}

std::string device_names(const Json& devices) {
    std::string out;
    for (const Json& device : devices) {
        out += (out.empty() ? "" : " ") + device.value("name", "");
    }
    return out.empty() ? "-" : out;
}

Report status_row(const NamedNode& node, const Json& status) {
    Report row;
    row.note("node", node.name);
    row.note("state", text_at(status, "state"));
    row.note("program", text_at(status, "program"));
    row.note("torch", text_at(status, "torch"));
    row.note("devices", device_names(status.value("devices", Json::array())));
    row.note("job", job_text(status.value("job", Json())));
    row.note("deaths", std::to_string(status.value("deaths", 0)));
    return row;
}

/// What a table has no room for.
std::string explanation(const NamedNode& node, const Json& status) {
    std::string out;
    for (const char* key : {"cause", "lastDeath"}) {
        if (const std::string text = status.value(key, ""); !text.empty()) {
            out += fmt::format("{}: {}\n", node.name, text);
        }
    }
    const Json job = status.value("job", Json());
    if (job.is_object() && job.value("end", "") == "failed") {
        out += fmt::format("{}: the last job failed: {}\n", node.name, job.value("cause", ""));
    }
    return out;
}

/// Asks every node; one object a node for programs. @error no node answers
Fallible<Json> gather(std::vector<NamedNode>& nodes, const char* method, const Json& params) {
    const auto answers = ask_all(nodes, method, params);
    Json out = Json::array();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (answers[i]) {
            Json row = {{"node", nodes[i].name}};
            row.update(*answers[i]);
            out.push_back(std::move(row));
        }
    }
    if (out.empty()) {
        return std::unexpected(to_failure(answers.front().error()));
    }
    return out;
}

Outcome status(const TrainerOptions& options) {
    POLIS_TRY(std::vector<NamedNode> nodes, all_nodes(options.node));
    if (options.node.json) {
        POLIS_TRY(const Json answers, gather(nodes, "trainer_status", Json::object()));
        return print(answers.dump(2) + '\n');
    }
    const auto answers = ask_all(nodes, "trainer_status");
    std::vector<Report> rows;
    std::string more;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (answers[i]) {
            rows.push_back(status_row(nodes[i], *answers[i]));
            more += explanation(nodes[i], *answers[i]);
        }
    }
    if (rows.empty()) {
        return std::unexpected(to_failure(answers.front().error()));
    }
    Report report;
    report.list("trainers", std::move(rows));
    return print(report.to_text() + more);
}

Outcome devices(const TrainerOptions& options) {
    POLIS_TRY(std::vector<NamedNode> nodes, all_nodes(options.node));
    POLIS_TRY(const Json answers, gather(nodes, "trainer_devices", Json::object()));
    if (options.node.json) {
        return print(answers.dump(2) + '\n');
    }
    constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
    std::vector<Report> rows;
    for (const Json& node : answers) {
        for (const Json& device : node.value("devices", Json::array())) {
            const auto bytes = device.value("memoryBytes", std::uint64_t{0});
            Report row;
            row.note("node", node.value("node", ""));
            row.note("device", device.value("name", ""));
            row.note("description", device.value("description", ""));
            row.note("memory", bytes == 0 ? "-" : fmt::format("{} MiB", bytes / kMib));
            rows.push_back(std::move(row));
        }
    }
    if (rows.empty()) {
        return std::unexpected(
            Failure("no trainer is attached here; `polis trainer status` says why"));
    }
    Report report;
    report.list("devices", std::move(rows));
    return print(report, /*as_json=*/false);
}

Outcome logs(const TrainerOptions& options) {
    POLIS_TRY(std::vector<NamedNode> nodes, all_nodes(options.node));
    POLIS_TRY(const Json answers, gather(nodes, "trainer_logs", {{"limit", options.lines}}));
    if (options.node.json) {
        return print(answers.dump(2) + '\n');
    }
    for (const Json& node : answers) {
        for (const Json& line : node.value("lines", Json::array())) {
            const std::string before =
                nodes.size() == 1 ? std::string() : node.value("node", "") + ": ";
            POLIS_TRY_VOID(print(before + line.get<std::string>() + '\n'));
        }
    }
    return {};
}

void add_one(
    Program& program,
    CLI::App& group,
    std::pair<const char*, const char*> help,
    Outcome (*run)(const TrainerOptions&)) {
    const auto options = std::make_shared<TrainerOptions>();
    CLI::App& command = *group.add_subcommand(help.first, help.second);
    add_node_options(command, options->node);
    if (run == logs) {
        command.add_option("--lines", options->lines, "Of each node")
            ->capture_default_str()
            ->check(CLI::Range(1, 200));
    }
    program.on(command, [options, run] { return run(*options); });
}

}  // namespace

void add_trainer_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand("trainer", "The trainers of the nodes here");
    group.require_subcommand(1);
    add_one(program, group, {"status", "What each does, and how it died last"}, status);
    add_one(program, group, {"devices", "What they can train on"}, devices);
    add_one(program, group, {"logs", "What they wrote last"}, logs);
}

}  // namespace polis::tools
