// The command line of Polis: reads the arguments, runs one command, turns its outcome into an exit
// code and one line on standard error.
#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include <tools/polis/command.hpp>

namespace polis::tools {

namespace {

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 failed, with the cause and the cure on standard error; 2 wrong usage;\n"
    "3 not done within the time. Every command that answers takes --json.";

void fail(const std::string& message) { fmt::print(stderr, "polis: {}\n", message); }

int parse(Program& program, int argc, char** argv) {
    try {
        program.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool asked_for_help = program.app.exit(error) == 0;
        return asked_for_help ? kExitOk : kExitUsage;
    }
    return kExitOk;
}

int exit_code(FailureKind kind) {
    switch (kind) {
        case FailureKind::kFailed:
            return kExitFailed;
        case FailureKind::kUsage:
            return kExitUsage;
        case FailureKind::kTimeout:
            return kExitTimeout;
    }
    return kExitFailed;
}

int run(int argc, char** argv) {
    Program program;
    program.invoked_as = argc > 0 ? argv[0] : "polis";
    program.app.description("Polis: a ledger whose blocks are earned by useful learning");
    program.app.name("polis");
    program.app.footer(kFooter);
    program.app.require_subcommand(1);
    program.version = POLIS_VERSION;
    program.app.set_version_flag("--version", program.version);
    add_demo_command(program);
    add_devnet_commands(program);
    add_account_commands(program);
    add_task_commands(program);
    add_model_commands(program);
    add_data_commands(program);
    add_audit_command(program);
    add_trainer_commands(program);
    add_tx_commands(program);
    add_contract_commands(program);
    add_stake_commands(program);
    add_chain_commands(program);
    add_rpc_command(program);
    add_keys_commands(program);
    add_genesis_commands(program);
    add_bench_commands(program);
    add_lab_commands(program);
    add_ledger_commands(program);
    add_simulate_commands(program);
    add_vm_commands(program);
    add_completion_command(program);
    if (const int code = parse(program, argc, argv); code != kExitOk || !program.action) {
        return code;
    }
    if (const Outcome outcome = program.action(); !outcome) {
        fail(outcome.error().message);
        return exit_code(outcome.error().kind);
    }
    return kExitOk;
}

}  // namespace

}  // namespace polis::tools

int main(int argc, char** argv) {
    try {
        return polis::tools::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "polis: %s\n", error.what());
    } catch (...) {
        std::fputs("polis: stopped by an unknown exception\n", stderr);
    }
    return polis::tools::kExitFailed;
}
