#include <memory>
#include <string>

#include <tools/bench/report/json.hpp>
#include <tools/bench/report/output.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct ReportCommand {
    std::string summary;
    std::string output;
    bool json = false;
};

/// The same report from its numbers again: by a newer polis, or after only the summary was kept.
/// What the numbers say is no business of this command: a report that tells of a failure is fine.
Outcome render(const ReportCommand& command) {
    POLIS_TRY(const bench::Report report, bench::read_summary(command.summary));
    if (!command.output.empty()) {
        POLIS_TRY_VOID(bench::write_files(command.output, report));
    }
    return print(command.json ? bench::to_json(report) : bench::to_text(report));
}

}  // namespace

void add_bench_report_command(Program& program, CLI::App& bench) {
    const auto options = std::make_shared<ReportCommand>();
    CLI::App& command =
        *bench.add_subcommand("report", "Show a summary again, and make its pages from it");
    command.add_option("summary", options->summary, "A folder of polis bench, or a summary.json")
        ->required();
    command.add_option(
        "-o,--out", options->output, "A folder for the page, Markdown, tables (CSV) and numbers");
    command.add_flag("--json", options->json, "Answer in JSON: the summary");
    program.on(command, [options] { return render(*options); });
}

}  // namespace polis::tools
