#pragma once

#include <cstdint>

#include <vm/limits.hpp>

namespace polis::vm {

/// Which modules are accepted.
enum class Profile : std::uint8_t {
    /// What a chain accepts: integers, imports of the host interface only, one memory with a
    /// maximum, no start function.
    kContract = 0,
    /// The same, but memory is optional and may have no maximum (then it is kMemoryPagesMax), and
    /// what a compiler's library needs beside is not required: for kernels run by hand.
    kKernel = 1,
    /// W3C Core 1.0 with floats typed but not executed, any imports, a start function: for the
    /// specification's suite. Never on a chain.
    kSpecification = 2,
};

/// The limits of a profile; docs at kContract in vm/limits.hpp.
struct Rules {
    Profile profile = Profile::kContract;
    std::uint32_t code_bytes = kCodeBytesMax;
    std::uint32_t body_bytes = kBodyBytesMax;
    std::uint32_t functions = kFunctionsMax;
    std::uint32_t types = kTypesMax;
    std::uint32_t parameters = kParametersMax;
    std::uint32_t locals = kLocalsMax;
    std::uint32_t operand_height = kOperandHeightMax;
    std::uint32_t nesting = kNestingMax;
    std::uint32_t branch_table = kBranchTableMax;
    std::uint32_t globals = kGlobalsMax;
    std::uint32_t table_entries = kTableEntriesMax;
    std::uint32_t segments = kSegmentsMax;
    std::uint32_t exports = kExportsMax;
    std::uint32_t imports = kImportsMax;
    std::uint32_t name_bytes = kNameBytesMax;
    std::uint32_t memory_pages = kMemoryPagesMax;

    [[nodiscard]] static constexpr Rules contract() { return {}; }

    [[nodiscard]] static constexpr Rules kernel() {
        Rules out;
        out.profile = Profile::kKernel;
        return out;
    }

    /// As wide as the register code and an ordinary machine allow.
    [[nodiscard]] static Rules specification();

    [[nodiscard]] bool is_specification() const { return profile == Profile::kSpecification; }
};

}  // namespace polis::vm
