#include <tools/contract/build.hpp>

#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <tools/contract/abi.hpp>
#include <tools/contract/sdk_files.hpp>
#include <tools/contract/wasm_file.hpp>
#include <tools/devnet/process.hpp>
#include <tools/vm/files.hpp>
#include <vm/program.hpp>

namespace polis::tools::contract {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompiler = "clang++-19";
constexpr std::string_view kLinker = "wasm-ld-19";
constexpr std::size_t kObjectBytesMax = std::size_t{16} * 1024 * 1024;

/// The options of cmake/polis_wasm.cmake, in one text.
std::vector<std::string> words(const char* text) {
    std::istringstream in(text);
    std::vector<std::string> out;
    for (std::string word; in >> word;) {
        if (word != "-Werror") {  // a warning is the author's to judge
            out.push_back(std::move(word));
        }
    }
    return out;
}

Fallible<std::string> find_tool(std::string_view name) {
    auto found = devnet::find_program(std::string(name));
    if (!found) {
        return std::unexpected(Failure(fmt::format(
            "there is no {} in $PATH, which contracts are built with; on Debian: apt-get install "
            "clang-19 lld-19",
            name)));
    }
    return *std::move(found);
}

Fallible<void> write_file(const fs::path& path, ByteView bytes) {
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
        return std::unexpected(Failure(fmt::format(
            "cannot write {}; is there room, and may you write there?", path.string())));
    }
    return {};
}

/// Runs a tool; what it says is for the author, whether it fails or not.
Fallible<void> run(const std::vector<std::string>& arguments, const std::string& failure) {
    POLIS_TRY(const auto finished, devnet::run_program(arguments));
    std::fputs(finished.output.c_str(), stderr);
    if (finished.code != 0) {
        return std::unexpected(Failure(failure));
    }
    return {};
}

/// One build, with a folder for what lies between.
class Work {
  public:
    Work(const BuildOptions& options, fs::path folder)
        : options_(options), folder_(std::move(folder)) {}

    Fallible<void> find_tools() {
        POLIS_TRY(compiler_, find_tool(kCompiler));
        POLIS_TRY(linker_, find_tool(kLinker));
        for (const SdkFile& file : sdk_files()) {
            POLIS_TRY_VOID(write_file(folder_ / "sdk" / file.name, file.content));
        }
        return {};
    }

    Fallible<void> compile(const fs::path& source, const fs::path& object, bool only_abi) {
        std::error_code failed;
        if (!fs::is_regular_file(source, failed)) {
            return wrong_usage(fmt::format("there is no file {}", source.string()));
        }
        std::vector<std::string> arguments = words(POLIS_WASM_COMPILE_OPTIONS);
        arguments.insert(arguments.begin(), compiler_);
        const std::string sdk = (folder_ / "sdk").string();
        arguments.insert(arguments.end(), {"-I", sdk, "-ffile-prefix-map=" + sdk + "/="});
        if (only_abi) {
            arguments.emplace_back("-DPOLIS_ABI");
        }
        arguments.insert(arguments.end(), {"-c", source.string(), "-o", object.string()});
        return run(
            arguments,
            fmt::format("{} does not compile: the compiler's words are above", source.string()));
    }

    Fallible<Bytes> link(const std::vector<fs::path>& objects) {
        std::vector<std::string> arguments = words(POLIS_WASM_LINK_OPTIONS);
        arguments.insert(arguments.begin(), linker_);
        for (const fs::path& object : objects) {
            arguments.push_back(object.string());
        }
        const fs::path module = folder_ / "module.wasm";
        arguments.insert(arguments.end(), {"-o", module.string()});
        POLIS_TRY_VOID(run(
            arguments,
            "the parts do not link: the linker's words are above; a contract has no library but "
            "the headers of vm/sdk, so divide 128-bit numbers with u128 and allocate with Vec"));
        return vmtool::read_file(module, kObjectBytesMax);
    }

    Fallible<std::string> abi() {
        const fs::path& source = options_.sources.front();
        const fs::path object = folder_ / "abi.o";
        POLIS_TRY_VOID(compile(source, object, /*only_abi=*/true));
        POLIS_TRY(const Bytes bytes, vmtool::read_file(object, kObjectBytesMax));
        auto json = find_abi(bytes);
        if (!json) {
            return std::unexpected(Failure(fmt::format(
                "{} has no POLIS_CONTRACT; write it behind the class: POLIS_CONTRACT(Counter, "
                "POLIS_METHOD(increase, by))",
                source.string())));
        }
        return *std::move(json);
    }

    Fallible<Bytes> module() {
        std::vector<fs::path> objects;
        for (const fs::path& source : options_.sources) {
            objects.push_back(folder_ / fmt::format("{}.o", objects.size()));
            POLIS_TRY_VOID(compile(source, objects.back(), /*only_abi=*/false));
        }
        return link(objects);
    }

  private:
    const BuildOptions& options_;
    const fs::path folder_;
    std::string compiler_;
    std::string linker_;
};

}  // namespace

Fallible<Built> build(const BuildOptions& options) {
    POLIS_TRY(const auto folder, vmtool::TemporaryFolder::create());
    Work work(options, folder.path());
    POLIS_TRY_VOID(work.find_tools());
    POLIS_TRY(const Bytes module, work.module());
    Built out;
    POLIS_TRY(out.json, work.abi());
    POLIS_TRY_VOID(parse_abi(out.json));
    POLIS_TRY(out.code, with_custom_section(module, kAbiSection, as_bytes(out.json)));
    const auto program = vm::Program::compile(out.code, vm::Rules::contract());
    if (!program) {
        return std::unexpected(Failure(
            fmt::format("it compiles, but no chain accepts it: {}", program.error().message())));
    }
    const std::string name =
        options.name.empty() ? options.sources.front().stem().string() : options.name;
    out.wasm = options.folder / (name + ".wasm");
    out.abi = options.folder / (name + ".abi.json");
    POLIS_TRY_VOID(write_file(out.wasm, out.code));
    POLIS_TRY_VOID(write_file(out.abi, as_bytes(out.json + '\n')));
    return out;
}

}  // namespace polis::tools::contract
