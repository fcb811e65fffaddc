#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <tools/failure.hpp>
#include <tools/vm/engine.hpp>
#include <tools/vm/wast_json.hpp>

/// The WebAssembly specification's own suite, run on an engine of the contract VM.
namespace polis::tools::vmtool {

/// For each call of the suite. The largest needs about 10^8; what recurses for ever ends by depth.
inline constexpr std::uint64_t kSuiteGas = 10'000'000'000;

/// Why an assertion is not for an engine that computes in integers and reads the binary format.
enum class SkipReason : std::uint8_t {
    kText,         ///< about the text format
    kFloatValue,   ///< a float goes in or out
    kFloatCode,    ///< integers go in and out, but the code between computes with floats
    kFloatState,   ///< reads what the step before should have written with a float instruction
    kUnconverted,  ///< in a file that wast2json cannot convert
};

inline constexpr std::size_t kSkipReasons = 5;

/// A sentence for a person.
std::string_view to_string(SkipReason reason);

struct SpecFailure {
    std::string file;
    std::uint64_t line = 0;
    std::string what;  ///< "assert_return fac"
    std::string expected;
    std::string got;
};

struct SpecSkip {
    std::uint64_t line = 0;
    SkipReason reason = SkipReason::kText;
    std::string what;
};

/// What came out of one file.
struct SpecFile {
    std::string name;
    std::array<std::uint64_t, kCommandKinds> passed{};  ///< by CommandKind
    std::uint64_t globals = 0;                          ///< of them: looks at a global
    std::array<std::uint64_t, kSkipReasons> skipped{};  ///< by SkipReason
    std::vector<SpecSkip> skips;  ///< those that only a run finds: kFloatCode, kFloatState
    std::vector<SpecFailure> failures;
};

struct SpecResult {
    std::vector<SpecFile> files;  ///< in the order of their names

    [[nodiscard]] std::uint64_t passed() const;
    [[nodiscard]] std::uint64_t passed(CommandKind kind) const;

    /// Passed assertions that look at an exported global instead of calling a function.
    [[nodiscard]] std::uint64_t globals() const;
    [[nodiscard]] std::uint64_t failed() const;
    [[nodiscard]] std::uint64_t skipped() const;
    [[nodiscard]] std::uint64_t skipped(SkipReason reason) const;
};

/// Runs one script; its modules lie beside it in `folder`.
[[nodiscard]] SpecFile run_script(
    const Script& script, const std::filesystem::path& folder, Engine engine);

/// Runs every script of a folder, or one file: .wast, which wast2json converts in a temporary
/// folder, or its .json. @error if there are none, cannot be read, or wast2json is not there
[[nodiscard]] Fallible<SpecResult> run_suite(const std::filesystem::path& path, Engine engine);

/// Whether the program that converts .wast files is installed.
[[nodiscard]] bool have_wast2json();

}  // namespace polis::tools::vmtool
