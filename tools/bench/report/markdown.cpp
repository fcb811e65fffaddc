#include <fmt/format.h>

#include <tools/bench/report/output.hpp>
#include <tools/bench/report/tables.hpp>
#include <tools/bench/report/words.hpp>

namespace polis::tools::bench {

namespace {

std::string section(const std::string& title, const std::string& text) {
    return fmt::format("\n## {}\n\n{}", title, text);
}

std::string details_of(const Run& run) {
    std::string out = section(markdown_escaped(run.name), "");
    out += markdown_escaped(setup_text(run.setup)) + ".\n";
    if (!run.marks.empty()) {
        Table marks{.head = {"what was done", "at"}, .rows = {}};
        for (const Mark& mark : run.marks) {
            marks.rows.push_back({mark.what, time_text(mark.at_us)});
        }
        out += '\n' + to_markdown(marks);
    }
    if (!run.stages.empty()) {
        out += "\n### Where the time goes\n\n" + to_markdown(stages_table(run));
    }
    if (!run.nodes.empty()) {
        out += "\n### What the nodes took\n\n" + to_markdown(nodes_table(run));
    }
    return out;
}

}  // namespace

std::string to_markdown(const Report& report) {
    std::string out = fmt::format(
        "# polis bench {}\n\n**{}**\n",
        markdown_escaped(report.command),
        markdown_escaped(verdict(report)));
    if (report.knee_per_s) {
        out += fmt::format("\nKnee: {} transactions a second.\n", whole(*report.knee_per_s));
    }
    out += section("Results", to_markdown(runs_table(report)));
    out +=
        "\np50 and p99: from when a transaction was due until 2f+1 nodes had it final. CPU/txn: "
        "processor time of all nodes together by finalized transactions.\n";
    out += section("Checks", to_markdown(checks_table(report)));
    out += section("Latency", to_markdown(latency_table(report)));
    out += section("Blocks", to_markdown(blocks_table(report)));
    out += section("Distance to the floor", to_markdown(floor_table(report)));
    out +=
        "\nThe floor is what the signatures alone cost: one verification of libsodium on each "
        "node, measured beside the nodes while they work; alone: before the load.\n";
    if (!report.simulated.empty()) {
        out += section("Growth", to_markdown(growth_table(report)));
        out += section("Simulated blocks", to_markdown(simulated_table(report)));
        out += fmt::format("\n{}\n", kSimulatedNote);
    }
    if (has_learning(report)) {
        out += section("Learning", to_markdown(learning_table(report)));
    }
    for (const Run& run : report.runs) {
        out += details_of(run);
    }
    out += section("Setup", to_markdown(setups_table(report)));
    out += section("Machine", to_markdown(machine_table(report.machine)));
    return out;
}

}  // namespace polis::tools::bench
