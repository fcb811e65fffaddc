#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/snapshots.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/devnet_options.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct KeepOptions {
    DevnetOptions common;
    std::string name = "default";
    bool list = false;
    bool yes = false;
    bool manifest = false;
    std::string version;
};

Outcome list(const KeepOptions& options) {
    POLIS_TRY(const devnet::Devnet devnet, load_devnet(options.common));
    POLIS_TRY(const auto snapshots, devnet::list_snapshots(devnet));
    std::vector<Report> rows;
    for (const devnet::SnapshotRow& snapshot : snapshots) {
        Report row;
        row.text("name", snapshot.name);
        row.number("bytes", snapshot.bytes);
        row.number("age_s", static_cast<std::uint64_t>(std::max<std::int64_t>(0, snapshot.age_s)));
        rows.push_back(std::move(row));
    }
    Report report;
    report.list("snapshots", std::move(rows));
    return print(report, options.common.json);
}

Outcome snapshot(const KeepOptions& options) {
    if (options.list) {
        return list(options);
    }
    POLIS_TRY(LockedDevnet held, lock_devnet(options.common));
    POLIS_TRY_VOID(devnet::take_snapshot(held.devnet, options.name, options.version, say_progress));
    Report report;
    report.text("snapshot", options.name);
    report.note("note", "go back to it: polis devnet revert " + options.name);
    return print(report, options.common.json);
}

Outcome revert(const KeepOptions& options) {
    POLIS_TRY(LockedDevnet held, lock_devnet(options.common));
    POLIS_TRY_VOID(devnet::revert(held.devnet, options.name, options.version, say_progress));
    Report report;
    report.text("reverted_to", options.name);
    report.note("note", "all nodes went back together: no vote of before can meet one of after");
    return print(report, options.common.json);
}

Outcome reset(const KeepOptions& options) {
    POLIS_TRY(LockedDevnet held, lock_devnet(options.common));
    if (!options.yes) {
        if (::isatty(STDIN_FILENO) != 1) {
            return wrong_usage(
                fmt::format("this removes the chain in {}; say --yes", held.devnet.home.string()));
        }
        fmt::print(stderr, "Remove the chain in {}? [y/N] ", held.devnet.home.string());
        std::string answer;
        std::getline(std::cin, answer);
        if (answer != "y" && answer != "yes") {
            return std::unexpected(Failure("nothing was removed; say y, or --yes"));
        }
    }
    POLIS_TRY_VOID(devnet::reset(held.devnet, options.manifest, say_progress));
    Report report;
    report.text("reset", held.devnet.home.string());
    report.note("note", "`polis devnet up` begins again at the genesis");
    return print(report, options.common.json);
}

}  // namespace

void add_devnet_keep_commands(Program& program, CLI::App& devnet) {
    const auto add = [&](const char* name, const char* help) {
        auto options = std::make_shared<KeepOptions>();
        CLI::App& command = *devnet.add_subcommand(name, help);
        add_devnet_options(command, options->common);
        options->version = program.version;
        return std::pair(&command, options);
    };
    {
        const auto [command, options] = add("snapshot", "Copy all homes, to come back later");
        command->add_option("NAME", options->name, "For you")->capture_default_str();
        command->add_flag("--list", options->list, "Only list them");
        program.on(*command, [chosen = options] { return snapshot(*chosen); });
    }
    {
        const auto [command, options] = add("revert", "Put all nodes back to a snapshot");
        command->add_option("NAME", options->name, "Its name")->capture_default_str();
        program.on(*command, [chosen = options] { return revert(*chosen); });
    }
    {
        const auto [command, options] = add("reset", "Back to the genesis");
        command->add_flag("--yes", options->yes, "Do not ask");
        command->add_flag(
            "--manifest", options->manifest, "Also forget devnet.toml and the snapshots");
        program.on(*command, [chosen = options] { return reset(*chosen); });
    }
}

}  // namespace polis::tools
