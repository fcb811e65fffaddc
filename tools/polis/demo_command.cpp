#include <chrono>
#include <memory>
#include <string>

#include <fmt/format.h>

#include <node/home/home.hpp>
#include <tools/demo/demo.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/polis/command.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct DemoCommand {
    std::string home;
    DemoOptions demo;
    std::string program;  ///< as it was called
    bool json = false;
};

Report describe(const DemoSummary& summary, const DemoOptions& options) {
    Report report;
    report.text("home", options.home.string());
    report.number("up_ms", summary.up_ms);
    report.number("killed_node", summary.killed_node);
    report.number("killed_at_height", summary.killed_height);
    report.number("height_without_it", summary.height_without);
    report.number("catch_up_ms", summary.catch_up_ms);
    report.number("transfers", summary.transfers);
    report.number("sent_again", summary.refused);
    report.number("height", summary.final_height);
    report.text("state_root", summary.state_root);
    report.number("transfer_ms", summary.transfer_ms);
    report.text("transfer", summary.transfer_id);
    report.address("sender", summary.sender);
    report.amount("sender_balance", summary.sender_balance);
    report.address("recipient", summary.recipient);
    report.amount("recipient_balance", summary.recipient_balance);
    report.flag("running", options.keep);
    return report;
}

/// Commands that work on what the demo leaves behind.
std::string next_steps(const DemoSummary& summary, const DemoCommand& command) {
    const std::string up = fmt::format("  {} devnet up\n", command.program);
    return fmt::format(
        "\n{0}\n"
        "  export POLIS_DEVNET={1}\n"
        "{2}"
        "  {3} devnet status --watch\n"
        "  {3} tx send --from dev:0 --to dev:1 --amount 1.5 --wait\n"
        "  {3} tx show {4}\n"
        "  {3} chain block --full\n"
        "  {3} devnet fault partition 0,1/2,3\n"
        "  {3} devnet fault clear\n"
        "  {3} devnet down\n",
        command.demo.keep ? "the network goes on; try next:"
                          : "the nodes have ended and their chain is kept; try next:",
        command.demo.home.string(),
        command.demo.keep ? "" : up,
        command.program,
        summary.transfer_id);
}

void say_step(std::string_view step, std::string_view what) {
    fmt::print("  {:<10} {}\n", step, what);
    std::fflush(stdout);
}

Outcome demo(DemoCommand& command) {
    if (command.home.empty()) {
        POLIS_TRY(command.demo.home, node::fresh_directory("demo"));
    } else {
        command.demo.home = devnet::home_of(command.home);
    }
    command.demo.say = [](std::string_view, std::string_view) {};
    if (!command.json) {
        fmt::print("Polis demo: a network that loses a node and does not care\n");
        say_step("home", command.demo.home.string());
        command.demo.say = say_step;
    }
    POLIS_TRY(const DemoSummary summary, run_demo(command.demo));
    return command.json ? print(describe(summary, command.demo), /*as_json=*/true)
                        : print(next_steps(summary, command));
}

}  // namespace

void add_demo_command(Program& program) {
    const auto options = std::make_shared<DemoCommand>();
    CLI::App& command = *program.app.add_subcommand(
        "demo", "Start four nodes, send transfers, kill one, see it come back");
    command.add_option("--home", options->home, "A new directory; default: a temporary one");
    command.add_option("--nodes", options->demo.nodes, "Validators")
        ->check(CLI::Range(std::size_t{4}, devnet::kNodesMax))
        ->capture_default_str();
    command.add_option("--rate", options->demo.transfers_per_s, "Transfers a second")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command.add_flag("--keep", options->demo.keep, "Leave the network running");
    command.add_option("--polisd", options->demo.polisd, "The node program; default: beside this");
    command.add_flag("--json", options->json, "Answer in JSON");
    options->demo.version = program.version;
    options->program = program.invoked_as;
    program.on(command, [options] { return demo(*options); });
}

}  // namespace polis::tools
