#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include <tools/failure.hpp>

/// How commands plug into the program `polis`: one file a group, one function a command.
namespace polis::tools {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitTimeout = 3;

/// What a command ends with. The error is one line: the cause, then what to do about it.
using Outcome = Fallible<void>;

/// The command line, and what the chosen command does once all of it has been read.
struct Program {
    CLI::App app;
    std::string invoked_as = "polis";  ///< for commands that a person may copy
    std::string version;
    std::function<Outcome()> action;

    /// Makes `run` the action if `command` is the one that the user names.
    void on(CLI::App& command, std::function<Outcome()> run) {
        command.callback([this, run = std::move(run)] { action = run; });
    }
};

void add_account_commands(Program& program);
void add_audit_command(Program& program);
void add_bench_commands(Program& program);
void add_chain_commands(Program& program);
void add_completion_command(Program& program);
void add_contract_commands(Program& program);
void add_data_commands(Program& program);
void add_demo_command(Program& program);
void add_devnet_commands(Program& program);
void add_genesis_commands(Program& program);
void add_keys_commands(Program& program);
void add_lab_commands(Program& program);
void add_ledger_commands(Program& program);
void add_model_commands(Program& program);
void add_rpc_command(Program& program);
void add_simulate_commands(Program& program);
void add_stake_commands(Program& program);
void add_task_commands(Program& program);
void add_trainer_commands(Program& program);
void add_tx_commands(Program& program);
void add_vm_commands(Program& program);

}  // namespace polis::tools
