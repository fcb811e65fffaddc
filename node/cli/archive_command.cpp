#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <node/archive/archive.hpp>
#include <node/cli/command.hpp>
#include <node/home/home.hpp>

namespace polis::node {

namespace {

struct ArchiveOptions : HomeOptions {
    std::string file;
    std::size_t threads = 1;
};

void print(const ArchiveSummary& summary) {
    fmt::print("height        {}\n", summary.height.value);
    fmt::print("transactions  {}\n", summary.txns);
    fmt::print("bytes         {}\n", summary.bytes);
    fmt::print("block         {}\n", to_hex_prefixed(summary.block.view()));
    fmt::print("state root    {}\n", to_hex_prefixed(summary.state_root.view()));
}

Outcome export_to_file(const ArchiveOptions& options) {
    POLIS_TRY(const auto chain, open_home(options.home));
    POLIS_TRY(const ArchiveSummary summary, export_chain(*chain, options.file, {}));
    print(summary);
    return kExitOk;
}

Outcome import_from_file(const ArchiveOptions& options) {
    POLIS_TRY(
        const ArchiveSummary summary,
        import_chain(options.file, options.home, options.threads, {}));
    print(summary);
    return kExitOk;
}

}  // namespace

void add_archive_commands(Program& program) {
    const auto out = std::make_shared<ArchiveOptions>();
    CLI::App& export_command = *program.app.add_subcommand(
        "export", "Write preset and blocks of a stopped node into one file");
    add_home(export_command, *out);
    export_command.add_option("--out", out->file, "The new file")->required();
    program.on(export_command, [out] { return export_to_file(*out); });

    const auto in = std::make_shared<ArchiveOptions>();
    in->threads = std::max(1U, std::thread::hardware_concurrency());
    CLI::App& import_command = *program.app.add_subcommand(
        "import", "Create a chain from an export, or go on with one, checking every block");
    import_command.add_option("FILE", in->file, "What export wrote")->required();
    add_home(import_command, *in);
    import_command.add_option("--threads", in->threads, "Threads that check signatures")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    program.on(import_command, [in] { return import_from_file(*in); });
}

}  // namespace polis::node
