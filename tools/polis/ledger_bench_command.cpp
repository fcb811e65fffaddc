#include <memory>

#include <tools/bench/ledger_bench.hpp>
#include <tools/polis/ledger_command_groups.hpp>

namespace polis::tools {

void add_ledger_bench(Program& program, CLI::App& ledger) {
    const auto options = std::make_shared<LedgerBenchOptions>();
    CLI::App& command = *ledger.add_subcommand("bench", "Measure the ledger alone on this machine");
    command.add_option("--accounts", options->accounts, "Accounts in the state")
        ->check(CLI::Range(2, 100'000'000))
        ->capture_default_str();
    command.add_option("--transfers", options->transfers, "Transfers to apply")
        ->check(CLI::Range(1, 100'000'000))
        ->capture_default_str();
    command.add_option("--block-txns", options->block_txns, "Transfers in a block")
        ->check(CLI::Range(1, 65'536))
        ->capture_default_str();
    command.add_option("--cache-mib", options->cache_mib, "Memory for records")
        ->check(CLI::Range(1, 65'536))
        ->capture_default_str();
    command.add_option("--seed", options->seed, "Chooses the accounts")->capture_default_str();
    command.add_option("--home", options->home, "Where to put the store; default: a temporary one");
    command.add_flag("--one-core", options->one_core, "Pin everything to one core");
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options]() -> Outcome {
        if (run_ledger_bench(*options) != kExitOk) {
            return std::unexpected("the benchmark did not finish; its message is above");
        }
        return {};
    });
}

}  // namespace polis::tools
