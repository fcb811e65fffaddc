#include <vm/rejection.hpp>

#include <array>
#include <cstddef>

#include <fmt/format.h>

namespace polis::vm {

namespace {

/// What a code means and what to do about it. An empty cure: nothing but another file helps.
struct Description {
    std::string_view name;
    std::string_view cause;
    std::string_view cure;
};

constexpr std::string_view kSplit = "make the contract smaller or split it in two";
constexpr std::string_view kMvp = "compile with -mcpu=mvp";
constexpr std::string_view kIntegers =
    "contracts compute in integers: use fixed point instead of float and double";

/// In the order of RejectionCode.
constexpr std::array kDescriptions{
    Description{"truncated", "the bytes end too early", "is the file complete?"},
    Description{"bad_magic", "this is no WebAssembly file", "give the .wasm that the linker wrote"},
    Description{"bad_version", "not version 1 of the binary format", kMvp},
    Description{"bad_number", "a number is too long or too large", ""},
    Description{"bad_count", "a count is larger than the bytes left", ""},
    Description{"bad_section", "a section is unknown, out of order or of another size", ""},
    Description{"bad_utf8", "a name is not UTF-8", ""},
    Description{"bad_type", "no type of WebAssembly 1.0", kMvp},
    Description{"bad_flag", "a flag has an unknown value", kMvp},
    Description{"bad_opcode", "no instruction of WebAssembly 1.0", kMvp},
    Description{"bad_end", "code does not end where its size says", ""},
    Description{"body_count", "functions and their bodies differ in number", ""},
    Description{"unknown_index", "refers to something that does not exist", ""},
    Description{"type_mismatch", "operands of the wrong type", ""},
    Description{"bad_alignment", "alignment larger than natural", ""},
    Description{"immutable_global", "sets a constant", ""},
    Description{"not_constant", "an initialiser is no constant expression", ""},
    Description{"duplicate_export", "two exports of one name", ""},
    Description{"too_many_memories", "more than one memory", "link with one memory"},
    Description{"too_many_tables", "more than one table", "link with one table"},
    Description{"bad_limits", "a minimum above its maximum, or beyond 4 GiB", ""},
    Description{"bad_start", "the start function takes or gives a value", ""},
    Description{"float", "floating point", kIntegers},
    Description{
        "start_function",
        "a start function",
        "contracts begin with their exported init: link with --no-entry"},
    Description{
        "unknown_import",
        "imports what no host offers",
        "define the function in the contract, or take it from the SDK's host interface"},
    Description{
        "import_type", "imports a host function with another signature", "use the SDK's headers"},
    Description{
        "import_kind",
        "imports something that is no function",
        "define memory, table and globals in the contract"},
    Description{"no_memory", "has no memory", "let the linker define and export one"},
    Description{
        "no_memory_maximum",
        "its memory has no maximum",
        "link with --max-memory=BYTES, at most 4194304"},
    Description{"newer_feature", "needs a feature that came after WebAssembly 1.0", kMvp},
    Description{"code_too_large", "the module is too large", kSplit},
    Description{"body_too_large", "a function is too large", "split the function, or compile -Os"},
    Description{"too_many_functions", "too many functions", kSplit},
    Description{"too_many_types", "too many function types", kSplit},
    Description{"too_many_parameters", "too many parameters", "pass a pointer instead"},
    Description{"too_many_locals", "too many locals", "split the function"},
    Description{"operands_too_high", "too many operands wait at once", "split the expression"},
    Description{"nested_too_deep", "blocks are nested too deep", "split the function"},
    Description{"branch_table_too_large", "a br_table has too many targets", "split the switch"},
    Description{"too_many_globals", "too many globals", "keep them in memory"},
    Description{"table_too_large", "the table has too many entries", kSplit},
    Description{"too_many_segments", "too many segments", kSplit},
    Description{"too_many_exports", "too many exports", "export methods only"},
    Description{"too_many_imports", "too many imports", "import each host function once"},
    Description{"name_too_long", "a name is too long", "shorten the name"},
    Description{
        "memory_too_large", "asks for too much memory", "link with --max-memory=4194304 or less"},
};

static_assert(
    kDescriptions.size() == static_cast<std::size_t>(RejectionCode::kMemoryTooLarge) + 1,
    "each code has a description");

const Description& describe(RejectionCode code) {
    return kDescriptions[static_cast<std::size_t>(code)];
}

}  // namespace

std::string_view to_string(RejectionCode code) { return describe(code).name; }

bool is_malformed(RejectionCode code) { return code <= RejectionCode::kBodyCount; }

std::string Rejection::message() const {
    const Description& what = describe(code);
    std::string out = fmt::format("byte {}: {}: {}", offset, what.name, what.cause);
    if (!detail.empty()) {
        out += fmt::format(" ({})", detail);
    }
    if (!what.cure.empty()) {
        out += fmt::format("; {}", what.cure);
    }
    return out;
}

}  // namespace polis::vm
