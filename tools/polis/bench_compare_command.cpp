#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tools/bench/compare.hpp>
#include <tools/bench/report/json.hpp>
#include <tools/bench/report/words.hpp>
#include <tools/polis/bench_command_groups.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct CompareCommand {
    std::string before;
    std::string after;
    double limit_percent = bench::kLimitPercent;
    bool json = false;
};

Report::Json json_of(double value) {
    return std::isfinite(value) ? Report::Json(value) : Report::Json(nullptr);
}

std::string number_text(double value) {
    constexpr double kExact = 1'000;
    return value < kExact ? fmt::format("{:.1f}", value) : bench::rounded(value);
}

Report describe(const std::string& run, const bench::Difference& difference) {
    Report row;
    row.text("run", run);
    row.text("figure", difference.figure);
    row.json("before", json_of(difference.before));
    row.json("after", json_of(difference.after));
    row.note("before", number_text(difference.before));
    row.note("after", number_text(difference.after));
    if (difference.change) {
        const bench::Change& change = *difference.change;
        row.json("change_percent", json_of(change.percent));
        row.json("low_percent", json_of(change.low));
        row.json("high_percent", json_of(change.high));
        row.note("change", fmt::format("{:+.1f} %", change.percent));
        row.note("95 %", fmt::format("{:+.1f} to {:+.1f}", change.low, change.high));
    } else {
        row.json("change_percent", nullptr);
        row.json("low_percent", nullptr);
        row.json("high_percent", nullptr);
        row.note("change", "-");
        row.note("95 %", "-");
    }
    row.text("judgement", bench::to_text(difference.judgement));
    return row;
}

Report describe(const bench::Comparison& comparison) {
    Report report;
    report.json("passed", bench::passed(comparison));
    report.json("verdict", bench::verdict(comparison));
    report.json("limit_percent", comparison.limit_percent);
    report.json("missing", comparison.missing);
    report.json("warnings", comparison.warnings);
    std::vector<Report> rows;
    for (const bench::RunComparison& run : comparison.runs) {
        for (const bench::Difference& difference : run.differences) {
            rows.push_back(describe(run.name, difference));
        }
    }
    report.list("figures", std::move(rows));
    return report;
}

Outcome compare(const CompareCommand& command) {
    POLIS_TRY(const bench::Report before, bench::read_summary(command.before));
    POLIS_TRY(const bench::Report after, bench::read_summary(command.after));
    const bench::Comparison comparison = bench::compare(before, after, command.limit_percent);
    const Report report = describe(comparison);
    if (command.json) {
        POLIS_TRY_VOID(print(report, /*as_json=*/true));
    } else {
        std::string text;
        for (const std::string& warning : comparison.warnings) {
            text += fmt::format("WARNING: {}\n", warning);
        }
        POLIS_TRY_VOID(print(text + report.to_text() + '\n' + bench::verdict(comparison) + '\n'));
    }
    if (!bench::passed(comparison)) {
        return std::unexpected(Failure(fmt::format(
            "{} is worse than {}, or lacks runs of it: {}",
            command.after,
            command.before,
            bench::verdict(comparison))));
    }
    return {};
}

}  // namespace

void add_bench_compare_command(Program& program, CLI::App& bench) {
    const auto options = std::make_shared<CompareCommand>();
    CLI::App& command = *bench.add_subcommand(
        "compare", "What became worse between two reports, and how sure that is");
    command.add_option("before", options->before, "A folder of polis bench, or a summary.json")
        ->required();
    command.add_option("after", options->after, "The one to judge")->required();
    command
        .add_option("--limit", options->limit_percent, "Percent that a figure may become worse by")
        ->check(CLI::Range(0.1, 1'000.0))
        ->capture_default_str();
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return compare(*options); });
}

}  // namespace polis::tools
