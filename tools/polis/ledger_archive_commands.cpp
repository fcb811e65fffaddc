#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include <node/archive/archive.hpp>
#include <node/home/home.hpp>
#include <tools/polis/arguments.hpp>
#include <tools/polis/ledger_command_groups.hpp>
#include <tools/polis/progress_line.hpp>
#include <tools/polis/report.hpp>

namespace polis::tools {

namespace {

struct ArchiveOptions : HomeOptions {
    std::string file;
    std::uint64_t threads = 1;
};

Report describe(const node::ArchiveSummary& summary) {
    Report report;
    report.number("height", summary.height.value);
    report.number("transactions", summary.txns);
    report.number("bytes", summary.bytes);
    report.bytes("block", summary.block.view());
    report.bytes("state_root", summary.state_root.view());
    return report;
}

node::ArchiveProgress every_second(ProgressLine& line) {
    return [&line](Height height, Height head) { line.update(height, head); };
}

Outcome export_to_file(const ArchiveOptions& options) {
    POLIS_TRY(const auto chain, node::open_home(options.home));
    ProgressLine line("export");
    POLIS_TRY(
        const node::ArchiveSummary summary,
        node::export_chain(*chain, options.file, every_second(line)));
    Report report = describe(summary);
    report.text("file", options.file);
    return print(report, options.json);
}

Outcome import_from_file(const ArchiveOptions& options) {
    ProgressLine line("import");
    POLIS_TRY(
        const node::ArchiveSummary summary,
        node::import_chain(options.file, options.home, options.threads, every_second(line)));
    Report report = describe(summary);
    report.text("home", options.home);
    return print(report, options.json);
}

}  // namespace

void add_ledger_archive(Program& program, CLI::App& ledger) {
    const auto out = std::make_shared<ArchiveOptions>();
    CLI::App& export_command =
        *ledger.add_subcommand("export", "Write preset and blocks into one file");
    add_home(export_command, *out);
    export_command.add_option("--out", out->file, "The new file")->required();
    program.on(export_command, [out] { return export_to_file(*out); });

    const auto in = std::make_shared<ArchiveOptions>();
    in->threads = std::max(1U, std::thread::hardware_concurrency());
    CLI::App& import_command = *ledger.add_subcommand(
        "import", "Create a chain from an export, or go on with one, checking every block");
    import_command.add_option("FILE", in->file, "What ledger export wrote")->required();
    add_home(import_command, *in);
    import_command.add_option("--threads", in->threads, "Threads that check signatures")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    program.on(import_command, [in] { return import_from_file(*in); });
}

}  // namespace polis::tools
