#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <core/bytes.hpp>
#include <vm/code.hpp>
#include <vm/gas_schedule.hpp>
#include <vm/module.hpp>
#include <vm/rejection.hpp>
#include <vm/rules.hpp>

namespace polis::vm {

/// Counts up with every change of what translated code looks like; part of the cache's key.
inline constexpr std::uint32_t kEngineVersion = 1;

/// A function of the module, translated.
struct CompiledFunction {
    std::uint32_t index = 0;             ///< in the module, imported functions counted
    std::uint32_t entry = 0;             ///< index into Program::code
    const Instruction* first = nullptr;  ///< the same, once the program is finished
    std::uint32_t frame_slots = 0;       ///< locals and the highest operand
    std::uint32_t parameters = 0;
    std::uint32_t zeroed_locals = 0;  ///< set to zero at each call
    std::uint32_t entry_gas = 0;      ///< for the locals and the first run
    std::uint32_t type = 0;           ///< the first of all equal types in the module
};

/// A module that was decoded, validated and translated: ready to run. Never changes afterwards, so
/// any number of instances and threads share it.
class Program {
  public:
    /// One linear pass over the bytes; takes memory in proportion to them.
    /// @error the first reason found to refuse them
    [[nodiscard]] static VmResult<std::shared_ptr<const Program>> compile(
        ByteView wasm, const Rules& rules, const GasSchedule& gas = kGasSchedule);

    [[nodiscard]] const Module& module() const { return module_; }

    [[nodiscard]] const Rules& rules() const { return rules_; }

    [[nodiscard]] const GasSchedule& gas() const { return gas_; }

    /// Of the functions that the module defines: index - module().imported_functions.
    [[nodiscard]] const std::vector<CompiledFunction>& functions() const { return functions_; }

    [[nodiscard]] const std::vector<Instruction>& code() const { return code_; }

    /// The first type that equals type `index`: what call_indirect compares.
    [[nodiscard]] std::uint32_t canonical_type(std::uint32_t index) const {
        return canonical_types_[index];
    }

    /// What an instance costs before it runs: spec [V30].
    [[nodiscard]] std::uint64_t instantiation_gas() const;

    /// Bytes that it holds, for the cache.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    Program() = default;

    Module module_;
    Rules rules_;
    GasSchedule gas_;
    std::vector<std::uint32_t> canonical_types_;
    std::vector<CompiledFunction> functions_;
    std::vector<Instruction> code_;
};

}  // namespace polis::vm
