#pragma once

#include <memory>
#include <string>

#include <tools/devnet/devnet.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/report.hpp>

/// What the commands of `polis devnet` share.
namespace polis::tools {

struct DevnetOptions {
    std::string home;  ///< empty: $POLIS_DEVNET or ./devnet
    bool json = false;
};

/// Adds --home (or POLIS_DEVNET) and --json.
void add_devnet_options(CLI::App& command, DevnetOptions& options);

/// The devnet of --home, and for a command that changes it the lock.
[[nodiscard]] Fallible<devnet::Devnet> load_devnet(const DevnetOptions& options);

struct LockedDevnet {
    devnet::Devnet devnet;
    FileDescriptor lock;
};

[[nodiscard]] Fallible<LockedDevnet> lock_devnet(const DevnetOptions& options);

// Groups of commands below `polis devnet`.
void add_devnet_fault_commands(Program& program, CLI::App& devnet);
void add_devnet_keep_commands(Program& program, CLI::App& devnet);
void add_devnet_look_commands(Program& program, CLI::App& devnet);

}  // namespace polis::tools
