#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
    std::string election = "pole";
    std::uint64_t window_s = 10;
    bool json = false;
};

/// What was learned, and who proposed how many blocks for it: two tables.
void add_lessons(Report& report, const DemoSummary& summary) {
    std::vector<Report> lessons;
    for (const LessonResult& lesson : summary.lessons) {
        Report row;
        row.number("round", lesson.round).number("trainers", lesson.trainers);
        row.number("winner", *lesson.winner).number("right", lesson.correct);
        row.number("of", lesson.count);
        const std::uint64_t points =
            lesson.correct * 10'000 / std::max<std::uint64_t>(lesson.count, 1);
        row.note("accuracy", fmt::format("{}.{:02} %", points / 100, points % 100));
        row.amount("paid", lesson.paid).number("took_ms", lesson.took_ms);
        lessons.push_back(std::move(row));
    }
    std::vector<Report> leaders;
    for (const LeaderRow& leader : summary.leaders) {
        Report row;
        row.number("node", leader.node).number("in_turn", leader.in_turn);
        for (std::size_t i = 0; i < leader.ranked.size(); ++i) {
            row.number(fmt::format("after_round_{}", i + 1), leader.ranked[i]);
        }
        leaders.push_back(std::move(row));
    }
    if (!lessons.empty()) {
        report.list("rounds", std::move(lessons)).list("blocks_by_leader", std::move(leaders));
    }
}

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
    add_lessons(report, summary);
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
        "{5}"
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
        summary.transfer_id,
        summary.lessons.empty()
            ? ""
            : fmt::format(
                  "  {} task leaderboard {}\n", command.program, summary.lessons.back().task));
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
    command.demo.learning = command.election == "pole";
    command.demo.window_ms = command.window_s * 1'000;
    command.demo.say = [](std::string_view, std::string_view) {};
    if (!command.json) {
        fmt::print(
            "Polis demo: {}a network that loses a node and does not care\n",
            command.demo.learning ? "blocks earned by learning, in " : "");
        say_step("home", command.demo.home.string());
        command.demo.say = say_step;
    }
    POLIS_TRY(const DemoSummary summary, run_demo(command.demo));
    if (command.json) {
        return print(describe(summary, command.demo), /*as_json=*/true);
    }
    Report tables;
    add_lessons(tables, summary);
    return print(tables.to_text() + next_steps(summary, command));
}

}  // namespace

void add_demo_command(Program& program) {
    const auto options = std::make_shared<DemoCommand>();
    CLI::App& command = *program.app.add_subcommand(
        "demo", "Start four nodes that learn for their seat; kill one, see it come back");
    command.add_option("--home", options->home, "A new directory; default: a temporary one");
    command.add_option("--nodes", options->demo.nodes, "Validators")
        ->check(CLI::Range(std::size_t{4}, devnet::kNodesMax))
        ->capture_default_str();
    command.add_option("--rate", options->demo.transfers_per_s, "Transfers a second")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command
        .add_option(
            "--data",
            options->demo.data,
            "What is learned: digits:N, or a folder or file with data")
        ->capture_default_str();
    command.add_option("--window", options->window_s, "Seconds for training in each round")
        ->check(CLI::Range(1, 3'600))
        ->capture_default_str();
    command.add_option("--election", options->election, "pole: by learning; dpos: in turn")
        ->check(CLI::IsMember({"pole", "dpos"}))
        ->capture_default_str();
    command.add_flag("--keep", options->demo.keep, "Leave the network running");
    command.add_option("--polisd", options->demo.polisd, "The node program; default: beside this");
    command.add_flag("--json", options->json, "Answer in JSON");
    options->demo.version = program.version;
    options->program = program.invoked_as;
    program.on(command, [options] { return demo(*options); });
}

}  // namespace polis::tools
