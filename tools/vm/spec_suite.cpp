#include <tools/vm/spec_suite.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <tools/devnet/process.hpp>
#include <tools/vm/files.hpp>

namespace polis::tools::vmtool {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSourceBytesMax = std::size_t{16} << 20;

/// What came after WebAssembly 1.0. Mutable globals stay on: 1.0 may import and export them.
constexpr std::array kConverterOptions{
    "--disable-saturating-float-to-int",
    "--disable-sign-extension",
    "--disable-simd",
    "--disable-multi-value",
    "--disable-bulk-memory",
    "--disable-reference-types"};

/// Files of a folder with this ending, or the one file, by name.
Fallible<std::vector<fs::path>> files_of(const fs::path& path, std::string_view ending) {
    std::vector<fs::path> out;
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
        if (!failed && path.extension() == ending) {
            out.push_back(path);
        }
        return out;
    }
    for (fs::directory_iterator it(path, failed), end; !failed && it != end; it.increment(failed)) {
        if (it->path().extension() == ending) {
            out.push_back(it->path());
        }
    }
    if (failed) {
        return wrong_usage(
            fmt::format("cannot read the folder {}: {}", path.string(), failed.message()));
    }
    std::ranges::sort(out);
    return out;
}

/// How many assertions the source of a script holds.
Fallible<std::uint64_t> count_assertions(const fs::path& source) {
    POLIS_TRY(const Bytes bytes, read_file(source, kSourceBytesMax));
    const std::string_view text = as_text(bytes);
    constexpr std::string_view kMark = "(assert_";
    std::uint64_t count = 0;
    for (std::size_t at = text.find(kMark); at != std::string_view::npos;
         at = text.find(kMark, at + kMark.size())) {
        ++count;
    }
    return count;
}

Fallible<SpecFile> run_json(const fs::path& file, Engine engine) {
    POLIS_TRY(const Script script, read_script(file));
    return run_script(script, file.parent_path(), engine);
}

/// Converts one file and runs it; one that cannot be converted is skipped as a whole.
Fallible<SpecFile> run_source(const fs::path& source, const std::string& converter, Engine engine) {
    POLIS_TRY(const TemporaryFolder folder, TemporaryFolder::create());
    const fs::path json = folder.path() / "script.json";
    std::vector<std::string> command{converter};
    command.insert(command.end(), kConverterOptions.begin(), kConverterOptions.end());
    command.insert(command.end(), {fs::absolute(source).string(), "-o", json.string()});
    POLIS_TRY(const devnet::Finished done, devnet::run_program(command));
    SpecFile out;
    if (done.code == 0) {
        POLIS_TRY(out, run_json(json, engine));
    } else {
        POLIS_TRY(const std::uint64_t count, count_assertions(source));
        out.skipped[static_cast<std::size_t>(SkipReason::kUnconverted)] = count;
    }
    out.name = source.filename().string();
    return out;
}

std::optional<std::string> converter() { return devnet::find_program("wast2json"); }

template <std::size_t kSize>
std::uint64_t sum(const std::array<std::uint64_t, kSize>& counts) {
    std::uint64_t out = 0;
    for (const std::uint64_t count : counts) {
        out += count;
    }
    return out;
}

}  // namespace

std::string_view to_string(SkipReason reason) {
    switch (reason) {
        case SkipReason::kText:
            return "about the text format, which no node reads";
        case SkipReason::kFloatValue:
            return "a floating-point argument or result";
        case SkipReason::kFloatCode:
            return "integers in and out, but the code executes a float instruction";
        case SkipReason::kFloatState:
            return "reads what the step before should have written with a float instruction";
        case SkipReason::kUnconverted:
            return "in files that wast2json cannot convert";
    }
    return "?";
}

std::uint64_t SpecResult::passed() const {
    std::uint64_t out = 0;
    for (const SpecFile& file : files) {
        out += sum(file.passed);
    }
    return out;
}

std::uint64_t SpecResult::passed(CommandKind kind) const {
    std::uint64_t out = 0;
    for (const SpecFile& file : files) {
        out += file.passed[static_cast<std::size_t>(kind)];
    }
    return out;
}

std::uint64_t SpecResult::globals() const {
    std::uint64_t out = 0;
    for (const SpecFile& file : files) {
        out += file.globals;
    }
    return out;
}

std::uint64_t SpecResult::failed() const {
    std::uint64_t out = 0;
    for (const SpecFile& file : files) {
        out += file.failures.size();
    }
    return out;
}

std::uint64_t SpecResult::skipped() const {
    std::uint64_t out = 0;
    for (const SpecFile& file : files) {
        out += sum(file.skipped);
    }
    return out;
}

std::uint64_t SpecResult::skipped(SkipReason reason) const {
    std::uint64_t out = 0;
    for (const SpecFile& file : files) {
        out += file.skipped[static_cast<std::size_t>(reason)];
    }
    return out;
}

Fallible<SpecResult> run_suite(const fs::path& path, Engine engine) {
    std::error_code failed;
    if (!fs::exists(path, failed)) {
        return wrong_usage(fmt::format(
            "there is no {}; give the folder of the suite's .wast files", path.string()));
    }
    POLIS_TRY(const std::vector<fs::path> sources, files_of(path, ".wast"));
    SpecResult out;
    if (!sources.empty()) {
        const auto program = converter();
        if (!program) {
            return std::unexpected(
                "wast2json, which converts .wast files, is not in $PATH: apt-get install wabt");
        }
        for (const fs::path& source : sources) {
            POLIS_TRY(SpecFile file, run_source(source, *program, engine));
            out.files.push_back(std::move(file));
        }
        return out;
    }
    POLIS_TRY(const std::vector<fs::path> scripts, files_of(path, ".json"));
    if (scripts.empty()) {
        return wrong_usage(fmt::format(
            "no .wast or .json files in {}; give the folder of the suite", path.string()));
    }
    for (const fs::path& script : scripts) {
        POLIS_TRY(SpecFile file, run_json(script, engine));
        out.files.push_back(std::move(file));
    }
    return out;
}

bool have_wast2json() { return converter().has_value(); }

}  // namespace polis::tools::vmtool
