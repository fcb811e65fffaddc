#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tools/polis/command.hpp>
#include <tools/polis/node_access.hpp>
#include <tools/polis/report.hpp>
#include <tools/polis/vm_command_groups.hpp>
#include <tools/vm/bench.hpp>
#include <tools/vm/kernels/kernels.hpp>
#include <tools/vm/run_module.hpp>
#include <tools/vm/spec_suite.hpp>

namespace polis::tools {

namespace {

using Json = Report::Json;

// ---- spec ---------------------------------------------------------------------------------------

struct SpecCommand {
    std::string folder;
    std::string engine = "fast";
    bool verbose = false;
    bool json = false;
};

Report describe(const vmtool::SpecFailure& failure) {
    Report row;
    row.text("where", fmt::format("{}:{}", failure.file, failure.line));
    row.text("what", failure.what);
    row.text("expected", failure.expected);
    row.text("got", failure.got);
    return row;
}

Report describe(const vmtool::SpecFile& file) {
    std::uint64_t skipped = 0;
    for (const std::uint64_t count : file.skipped) {
        skipped += count;
    }
    Report row;
    row.text("file", file.name);
    row.number("passed", std::accumulate(file.passed.begin(), file.passed.end(), std::uint64_t{0}));
    row.number("failed", file.failures.size());
    row.number("skipped", skipped);
    return row;
}

/// The reason of each class, how many assertions it holds, and which files are meant if few are.
std::vector<Report> skip_classes(const vmtool::SpecResult& result) {
    constexpr std::size_t kNamed = 8;
    std::vector<Report> rows;
    for (std::size_t i = 0; i < vmtool::kSkipReasons; ++i) {
        const auto reason = static_cast<vmtool::SkipReason>(i);
        std::string files;
        std::size_t count = 0;
        for (const vmtool::SpecFile& file : result.files) {
            if (file.skipped[i] > 0 && ++count <= kNamed) {
                files += (files.empty() ? "" : " ") + file.name;
            }
        }
        if (count > kNamed) {
            files = fmt::format("{} files", count);
        }
        Report row;
        row.number("count", result.skipped(reason));
        row.text("reason", vmtool::to_string(reason));
        row.text("files", files);
        rows.push_back(std::move(row));
    }
    return rows;
}

std::vector<Report> passed_kinds(const vmtool::SpecResult& result) {
    std::vector<Report> rows;
    for (std::size_t i = 0; i < vmtool::kCommandKinds; ++i) {
        const auto kind = static_cast<vmtool::CommandKind>(i);
        if (const std::uint64_t count = result.passed(kind); count > 0) {
            rows.emplace_back().number("count", count).text("assertion", vmtool::to_string(kind));
        }
    }
    return rows;
}

Report describe(const vmtool::SpecResult& result, const SpecCommand& command) {
    Report report;
    report.text("engine", command.engine);
    report.number("passed", result.passed());
    report.number("failed", result.failed());
    report.number("skipped", result.skipped());
    report.list("passed_kinds", passed_kinds(result));
    report.list("skip_classes", skip_classes(result));
    std::vector<Report> failures;
    std::vector<Report> files;
    std::vector<Report> floats;
    for (const vmtool::SpecFile& file : result.files) {
        for (const vmtool::SpecFailure& failure : file.failures) {
            failures.push_back(describe(failure));
        }
        for (const vmtool::SpecSkip& skip : file.skips) {
            floats.emplace_back().text("where", fmt::format("{}:{}", file.name, skip.line));
            floats.back().text("what", skip.what);
        }
        files.push_back(describe(file));
    }
    if (!failures.empty()) {
        report.list("failures", std::move(failures));
    }
    if (command.verbose) {
        report.list("executes_floats", std::move(floats));
        report.list("files", std::move(files));
    }
    return report;
}

Outcome vm_spec(const SpecCommand& command) {
    POLIS_TRY(
        const vmtool::SpecResult result,
        vmtool::run_suite(command.folder, *vmtool::parse_engine(command.engine)));
    POLIS_TRY_VOID(print(describe(result, command), command.json));
    if (result.failed() > 0) {
        return std::unexpected(fmt::format(
            "{} of {} assertions failed, listed above; the engine does not follow the standard",
            result.failed(),
            result.failed() + result.passed()));
    }
    return {};
}

void add_spec(Program& program, CLI::App& group) {
    const auto options = std::make_shared<SpecCommand>();
    CLI::App& command = *group.add_subcommand("spec", "Run the WebAssembly specification's suite");
    command.add_option("DIR", options->folder, "A folder of .wast files, or one file")->required();
    command.add_option("--engine", options->engine, "fast, or naive: the oracle")
        ->check(CLI::IsMember({"fast", "naive"}))
        ->capture_default_str();
    command.add_flag("--verbose", options->verbose, "A line for each file");
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return vm_spec(*options); });
}

// ---- bench --------------------------------------------------------------------------------------

struct BenchCommand {
    vmtool::BenchOptions options;
    std::string module;  ///< of the user's own; empty: the kernels
    std::string function = "run";
    std::vector<std::string> args;
    std::string engine = "fast";
    bool json = false;
};

/// A number with decimals for people, and as a number for programs.
void real(Report& report, const char* key, double value, int decimals) {
    report.note(key, fmt::format("{:.{}f}", value, decimals));
    report.json(key, value);
}

Report describe(const vmtool::KernelFigures& figures) {
    Report row;
    row.text("kernel", figures.name);
    row.number("bytes", figures.wasm_bytes);
    real(row, "native_ms", figures.native_ms, 3);
    real(row, "vm_ms", figures.vm_ms, 2);
    real(row, "ratio", figures.ratio(), 2);
    row.number("gas", figures.gas);
    real(row, "ns_per_gas", figures.ns_per_gas(), 3);
    real(row, "instantiate_us", figures.instantiate_us, 1);
    return row;
}

Report target(const char* name, double value, const std::string& bound, bool is_met) {
    Report row;
    row.text("target", name);
    real(row, "measured", value, 2);
    row.text("bound", bound);
    row.flag("met", is_met);
    return row;
}

std::vector<Report> targets(const vmtool::BenchResult& result) {
    std::vector<Report> rows;
    if (const auto ratio = result.aggregation_ratio()) {
        rows.push_back(target(
            "ptsfd ratio",
            *ratio,
            fmt::format("<= {}", vmtool::kAggregationRatioMax),
            *ratio <= vmtool::kAggregationRatioMax));
    }
    const double mean = result.geometric_mean();
    rows.push_back(target(
        "geometric mean of ratios",
        mean,
        fmt::format("<= {}", vmtool::kGeometricMeanMax),
        mean <= vmtool::kGeometricMeanMax));
    const double translation = result.translation_mb();
    rows.push_back(target(
        "translation, MB/s",
        translation,
        fmt::format(">= {}", vmtool::kTranslationMbMin),
        translation >= vmtool::kTranslationMbMin));
    const double instantiation = result.instantiation_us();
    rows.push_back(target(
        "slowest instantiation, us",
        instantiation,
        fmt::format("< {}", vmtool::kInstantiationUsMax),
        instantiation < vmtool::kInstantiationUsMax));
    return rows;
}

/// Repetitions that take about so long, given how long one took.
std::uint32_t repetitions(double seconds, double run_us) {
    constexpr double kLeast = 3;
    constexpr double kMost = 100'000;
    return static_cast<std::uint32_t>(std::clamp(seconds * 1e6 / (run_us + 1), kLeast, kMost));
}

/// A module of the user's own: without the same program on the processor beside it.
Outcome vm_bench_module(const BenchCommand& command) {
    vmtool::ModuleRunOptions options;
    options.file = command.module;
    options.function = command.function;
    options.args = command.args;
    options.engine = *vmtool::parse_engine(command.engine);
    POLIS_TRY(vmtool::ModuleRun run, vmtool::run_module(options));
    if (run.is_good()) {
        options.repeat = repetitions(command.options.seconds, run.run_us);
        POLIS_TRY(run, vmtool::run_module(options));
    }
    if (run.rejection) {
        return std::unexpected(command.module + ": " + run.rejection->message());
    }
    if (run.link || run.outcome.trap) {
        const std::string_view why =
            run.link ? vm::to_string(*run.link) : vm::to_string(*run.outcome.trap);
        return std::unexpected(fmt::format("{} of {}: {}", command.function, command.module, why));
    }
    Report report;
    report.text("engine", command.engine);
    report.text("module", command.module);
    report.number("runs", options.repeat);
    real(report, "vm_ms", run.run_us / 1e3, 3);
    report.number("gas", run.gas_used);
    real(
        report,
        "ns_per_gas",
        run.run_us * 1e3 / static_cast<double>(std::max<std::uint64_t>(run.gas_used, 1)),
        3);
    real(report, "instantiate_us", run.instantiate_us, 1);
    real(report, "translate_us", run.translate_us, 1);
    return print(report, command.json);
}

Outcome vm_bench(const BenchCommand& command) {
    if (!command.module.empty()) {
        return vm_bench_module(command);
    }
    vmtool::BenchOptions options = command.options;
    options.kernels = kernels::all();
    options.large = kernels::large_module();
    options.engine = *vmtool::parse_engine(command.engine);
    POLIS_TRY(
        const vmtool::BenchResult result,
        vmtool::run_bench(options, [](std::string_view name) { say_progress(name); }));
    Report report;
    report.text("engine", command.engine);
    std::vector<Report> rows;
    for (const vmtool::KernelFigures& each : result.kernels) {
        rows.push_back(describe(each));
    }
    real(report, "geometric_mean", result.geometric_mean(), 2);
    real(report, "translation_mb_per_s", result.translation_mb(), 1);
    report.number("translated_bytes", result.large_bytes);
    report.list("kernels", std::move(rows));
    report.list("targets", targets(result));
    return print(report, command.json);
}

void add_bench(Program& program, CLI::App& group) {
    const auto options = std::make_shared<BenchCommand>();
    CLI::App& command =
        *group.add_subcommand("bench", "Measure the VM beside the same programs on the processor");
    command.add_option("--filter", options->options.filter, "Only kernels whose names match");
    command.add_option("--module", options->module, "A .wasm of your own instead of the kernels");
    command.add_option("--function", options->function, "What it exports and --module runs")
        ->capture_default_str();
    command.add_option("--args", options->args, "Its arguments: numbers");
    command.add_option("--seconds", options->options.seconds, "About so long a kernel")
        ->check(CLI::Range(0.0, 600.0))
        ->capture_default_str();
    command.add_option("--engine", options->engine, "fast, or naive: the oracle")
        ->check(CLI::IsMember({"fast", "naive"}))
        ->capture_default_str();
    command.add_flag("--json", options->json, "Answer in JSON");
    program.on(command, [options] { return vm_bench(*options); });
}

}  // namespace

void add_vm_commands(Program& program) {
    CLI::App& group = *program.app.add_subcommand(
        "vm", "The contract VM alone: run a module, measure it, check it against the standard");
    group.require_subcommand(1);
    add_vm_run(program, group);
    add_vm_look(program, group);
    add_spec(program, group);
    add_bench(program, group);
}

}  // namespace polis::tools
