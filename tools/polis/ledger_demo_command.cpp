#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <node/home/home.hpp>
#include <tools/ledger_demo/demo.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/ledger_command_groups.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct CommandOptions {
    std::string home;
    LedgerDemoOptions demo;
    std::string program;  ///< as it was called
    bool json = false;
};

std::uint64_t per_second(std::uint64_t count, std::uint64_t ms) {
    return count * 1'000 / std::max<std::uint64_t>(ms, 1);
}

Report describe(const LedgerDemoSummary& summary, const LedgerDemoOptions& options) {
    Report report;
    report.number("height", summary.height.value);
    report.number("acknowledged_before_kill", summary.acknowledged.value);
    report.number("height_after_kill", summary.reopened.value);
    report.number("transactions", summary.txns);
    report.number("write_tx_per_second", per_second(summary.written_txns, summary.write_ms));
    report.number("verify_tx_per_second", per_second(summary.txns, summary.verify_ms));
    report.number("rows_compared", summary.rows);
    report.bytes("genesis_hash", summary.genesis.view());
    report.bytes("state_root", summary.state_root.view());
    report.address("account", summary.account);
    report.amount("balance", summary.balance);
    report.address("absent", summary.absent);
    report.flag("all_roots_equal", true);
    report.text("home", options.home.string());
    return report;
}

/// Commands that work on what the demo leaves behind.
std::string next_steps(
    const LedgerDemoSummary& summary,
    const LedgerDemoOptions& options,
    const std::string& program) {
    const std::string home = options.home.string();
    const std::string account = crypto::to_text(summary.account);
    return fmt::format(
        "\ntry next:\n"
        "  {3} ledger info --home {0}\n"
        "  {3} ledger block {1} --home {0}\n"
        "  {3} ledger account {2} --home {0}\n"
        "  {3} ledger proof {2} --home {0} | {3} ledger proof-check -\n"
        "  {3} ledger supply --home {0}\n"
        "  {3} ledger verify --home {0}\n",
        home,
        summary.height.value,
        account,
        program);
}

void say_step(std::string_view step, std::string_view what) {
    fmt::print("  {:<10} {}\n", step, what);
    std::fflush(stdout);
}

Outcome demo(const CommandOptions& command) {
    LedgerDemoOptions options = command.demo;
    options.home = command.home;
    if (command.home.empty()) {
        POLIS_TRY(const auto directory, node::fresh_directory("demo"));
        options.home = directory.string();
    }
    if (!command.json) {
        fmt::print("Polis ledger demo: a ledger that survives kill -9\n");
        say_step("home", options.home.string());
        options.say = say_step;
    }
    POLIS_TRY(const LedgerDemoSummary summary, run_ledger_demo(options));
    const Report report = describe(summary, options);
    if (command.json) {
        return print(report, /*as_json=*/true);
    }
    return print('\n' + report.to_text() + next_steps(summary, options, command.program));
}

void add_options(CLI::App& command, CommandOptions& options) {
    options.demo.threads = std::max(1U, std::thread::hardware_concurrency());
    command.add_option("--blocks", options.demo.blocks, "Height to reach")
        ->check(CLI::Range(kLedgerDemoBlocksMin, kLedgerDemoBlocksMax))
        ->capture_default_str();
    command.add_option("--transfers", options.demo.transfers, "Transfers in each block")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command.add_option("--seed", options.demo.seed, "Chooses transfers and the moment of the kill")
        ->capture_default_str();
}

}  // namespace

void add_ledger_demo(Program& program, CLI::App& ledger) {
    const auto options = std::make_shared<CommandOptions>();
    CLI::App& command = *ledger.add_subcommand(
        "demo", "Write a chain, kill the writer in the middle, lose nothing, verify everything");
    command.add_option("--home", options->home, "Where to put the chain; default: a fresh one");
    command.add_flag("--json", options->json, "Answer in JSON");
    add_options(command, *options);
    options->program = program.invoked_as;
    program.on(command, [options] { return demo(*options); });

    const auto child = std::make_shared<CommandOptions>();
    CLI::App& writer = *ledger.add_subcommand("demo-writer", "The process that demo kills");
    writer.group("");  // not in the help
    writer.add_option("--home", child->home)->required();
    add_options(writer, *child);
    program.on(writer, [child] {
        child->demo.home = child->home;
        return run_ledger_demo_writer(child->demo);
    });
}

}  // namespace polis::tools
