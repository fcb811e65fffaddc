#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/devnet/bundle.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/stall.hpp>
#include <tools/devnet/status.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/devnet_options.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

constexpr std::size_t kHashShown = 10;  ///< with 0x
constexpr std::chrono::milliseconds kWatchPause{1'000};
constexpr std::chrono::milliseconds kFollowPause{100};

struct StatusOptions {
    DevnetOptions common;
    bool watch = false;
};

/// "node 2" for the operator of a validator of ours, else the address.
std::string leader_name(const devnet::Devnet& devnet, const std::string& address) {
    for (const devnet::Node& node : devnet.nodes) {
        const auto key = genesis::dev_operator_key(devnet.manifest.seed, node.index);
        if (node.validator && crypto::to_text(crypto::address_of(key.public_key())) == address) {
            return fmt::format("node {}", node.index);
        }
    }
    return address.empty() ? "-" : address;
}

std::string cpu_text(const devnet::ProcessUsage& usage) {
    return fmt::format("{}%", usage.cpu_ms * 100 / std::max<std::uint64_t>(usage.age_ms, 1));
}

Report status_row(const devnet::Devnet& devnet, const devnet::NodeStatus& status) {
    const bool runs = status.health == devnet::Health::kRunning;
    const auto told = [&](std::string text) { return runs ? std::move(text) : std::string("-"); };
    constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
    Report row;
    row.note(
        "node", fmt::format("{}{}", status.node.index, status.node.validator ? "" : " (observer)"));
    row.note("state", to_string(status.health));
    row.note("height", told(std::to_string(status.height)));
    row.note("finalized", told(status.hash.substr(0, kHashShown)));
    row.note("term", told(std::to_string(status.term)));
    row.note("view", told(std::to_string(status.view)));
    row.note("leader", told(leader_name(devnet, status.leader)));
    row.note("peers", told(std::to_string(status.peers)));
    row.note("mempool", told(std::to_string(status.mempool)));
    row.note("lag", told(fmt::format("{} ms", status.lag_ms)));
    row.note(
        "memory", status.usage ? fmt::format("{} MiB", status.usage->resident_bytes / kMib) : "-");
    row.note("cpu", status.usage ? cpu_text(*status.usage) : "-");
    return row;
}

Outcome print_status(const devnet::Devnet& devnet, bool json, bool one_line) {
    const auto nodes = devnet::status_of(devnet);
    const auto stall = devnet::explain_stall(nodes, devnet.manifest.block_interval_ms);
    if (json) {
        Json rows = Json::array();
        for (const devnet::NodeStatus& node : nodes) {
            rows.push_back(to_json(node));
        }
        Json out = {{"home", devnet.home.string()}};
        out["stall"] = stall ? Json(*stall) : Json();
        out["nodes"] = std::move(rows);
        return print(out.dump(one_line ? -1 : 2) + '\n');
    }
    std::vector<Report> rows;
    for (const devnet::NodeStatus& node : nodes) {
        rows.push_back(status_row(devnet, node));
    }
    Report report;
    report.note("home", devnet.home.string());
    report.note("stall", stall ? "STALLED: " + *stall : "none");
    report.list("nodes", std::move(rows));
    return print(report, /*as_json=*/false);
}

Outcome status(const StatusOptions& options) {
    POLIS_TRY(devnet::Devnet devnet, load_devnet(options.common));
    if (!options.watch) {
        return print_status(devnet, options.common.json, /*one_line=*/false);
    }
    while (true) {
        if (!options.common.json && ::isatty(STDOUT_FILENO) == 1) {
            POLIS_TRY_VOID(print("\x1b[H\x1b[J"));  // from the top of a clean screen
        }
        POLIS_TRY_VOID(print_status(devnet, options.common.json, /*one_line=*/true));
        std::this_thread::sleep_for(kWatchPause);
        POLIS_TRY(devnet, load_devnet(options.common));  // another command may have changed it
    }
}

struct LogsOptions {
    DevnetOptions common;
    std::vector<std::size_t> nodes;
    std::size_t lines = 50;
    bool follow = false;
};

struct Source {
    std::string name;  ///< before each line; empty for one node
    std::ifstream file;
    std::string rest;  ///< of a line that is still being written
};

/// Prints whole lines that were written since the last call.
Outcome print_new_lines(Source& source) {
    source.file.clear();
    for (std::string line; std::getline(source.file, line);) {
        source.rest += line;
        if (source.file.eof()) {
            break;
        }
        POLIS_TRY_VOID(print(source.name + source.rest + '\n'));
        source.rest.clear();
    }
    return {};
}

Outcome logs(const LogsOptions& options) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(options.common));
    std::vector<Source> sources;
    for (const std::size_t index : options.nodes) {
        POLIS_TRY_VOID(devnet::position_of(devnet, index));
    }
    for (const devnet::Node& node : devnet.nodes) {
        const bool chosen = options.nodes.empty() ||
                            std::ranges::find(options.nodes, node.index) != options.nodes.end();
        if (!chosen) {
            continue;
        }
        const auto file = log_file(devnet, node);
        Source source;
        source.name =
            options.nodes.size() == 1 ? std::string{} : fmt::format("node {}: ", node.index);
        source.file.open(file);
        if (options.lines > 0) {
            const std::string text = devnet::last_lines(file, options.lines);
            POLIS_TRY_VOID(print(
                (source.name.empty() ? text : fmt::format("{}\n{}", source.name, text)) + '\n'));
        }
        source.file.seekg(0, std::ios::end);
        sources.push_back(std::move(source));
    }
    while (options.follow) {
        for (Source& source : sources) {
            POLIS_TRY_VOID(print_new_lines(source));
        }
        std::this_thread::sleep_for(kFollowPause);
    }
    return {};
}

struct BundleOptions {
    DevnetOptions common;
    std::string output;
    std::string version;
};

Outcome bundle(const BundleOptions& options) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(options.common));
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const std::string file = options.output.empty()
                                 ? fmt::format("polis-devnet-{}.tar.gz", now.count())
                                 : options.output;
    POLIS_TRY_VOID(devnet::write_bundle(devnet, file, options.version));
    Report report;
    report.text("file", file);
    report.note("note", "logs, configurations, metrics and the last blocks; no keys, no tokens");
    return print(report, options.common.json);
}

}  // namespace

void add_devnet_look_commands(Program& program, CLI::App& devnet) {
    const auto shown = std::make_shared<StatusOptions>();
    CLI::App& status_command = *devnet.add_subcommand("status", "What every node is at, and why");
    add_devnet_options(status_command, shown->common);
    status_command.add_flag(
        "--watch", shown->watch, "Again every second; with --json, a line each");
    program.on(status_command, [shown] { return status(*shown); });

    const auto logged = std::make_shared<LogsOptions>();
    CLI::App& logs_command = *devnet.add_subcommand("logs", "What the nodes say");
    add_devnet_options(logs_command, logged->common);
    logs_command.add_option("NODE", logged->nodes, "Numbers; default: all");
    logs_command.add_option("--lines", logged->lines, "Of each")->capture_default_str();
    logs_command.add_flag("--follow", logged->follow, "And whatever comes");
    program.on(logs_command, [logged] { return logs(*logged); });

    const auto bundled = std::make_shared<BundleOptions>();
    CLI::App& bundle_command =
        *devnet.add_subcommand("bundle", "Logs, metrics and blocks as a file for a bug report");
    add_devnet_options(bundle_command, bundled->common);
    bundle_command.add_option(
        "-o,--output", bundled->output, "The file; default: a name of its own");
    bundled->version = program.version;
    program.on(bundle_command, [bundled] { return bundle(*bundled); });
}

}  // namespace polis::tools
