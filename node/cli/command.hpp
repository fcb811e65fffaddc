#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <core/result.hpp>
#include <node/config/config.hpp>

/// The command line of polisd: one function a command.
namespace polis::node {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// The exit code, or one line: the cause, then what to do about it.
using Outcome = Result<int, std::string>;

struct Program {
    CLI::App app;
    std::function<Outcome()> action;

    /// Makes `run` the action if `command` is the one that the user names.
    void on(CLI::App& command, std::function<Outcome()> run) {
        command.callback([this, run = std::move(run)] { action = run; });
    }
};

/// A home, and values of its configuration that were given as flags.
struct HomeOptions {
    std::filesystem::path home;
    std::vector<std::pair<std::string, std::string>> values;
};

/// --home, or POLIS_HOME.
void add_home(CLI::App& command, HomeOptions& options);

/// A flag for each key of the configuration.
void add_config_flags(CLI::App& command, HomeOptions& options);

/// Defaults, then config.toml if there is one, then the environment, then flags; checked.
[[nodiscard]] Result<NodeConfig, std::string> load_config(const HomeOptions& options);

void add_init_command(Program& program);
void add_run_command(Program& program);
void add_doctor_command(Program& program);
void add_archive_commands(Program& program);

}  // namespace polis::node
