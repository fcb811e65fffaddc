#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <ledger/modules/contracts.hpp>
#include <tools/failure.hpp>
#include <tools/vm/engine.hpp>
#include <tools/vm/gas_profile.hpp>
#include <tools/vm/run_world.hpp>
#include <vm/instance.hpp>
#include <vm/rejection.hpp>
#include <vm/rules.hpp>

/// Running one function of one module by hand.
namespace polis::tools::vmtool {

inline constexpr std::uint64_t kRunGasDefault = 10'000'000'000;

/// Above any limit on modules, so that a module that is too large is refused by its name.
inline constexpr std::size_t kModuleFileBytesMax = std::size_t{16} << 20;

/// Bytes of the memory to show afterwards.
struct MemoryRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

struct ModuleRunOptions {
    std::string file;
    std::string function;  ///< the name of an export
    std::vector<std::string> args;
    std::uint64_t gas = kRunGasDefault;
    Engine engine = Engine::kFast;
    vm::Profile profile = vm::Profile::kKernel;
    std::uint32_t repeat = 1;  ///< each time in a fresh instance
    bool profile_gas = false;  ///< by function
    std::optional<MemoryRange> memory;
    WorldOptions world;
};

/// What a run left. Times are of the fastest of all repetitions.
struct ModuleRun {
    std::optional<vm::Rejection> rejection;  ///< then nothing else is set
    std::optional<vm::LinkError> link;       ///< then nothing but the translation
    vm::Outcome outcome;
    std::optional<vm::ValueType> result_type;
    std::uint64_t gas_used = 0;
    std::uint64_t instantiation_gas = 0;
    double translate_us = 0;
    double instantiate_us = 0;
    double run_us = 0;
    std::uint64_t memory_bytes = 0;  ///< linear memory in the end: it never shrinks
    std::uint64_t program_bytes = 0;
    Bytes output;  ///< what the contract returned, or why the host ended it
    bool reverted = false;
    std::vector<ledger::contracts::ContractEvent> events;
    std::map<Bytes, TouchedRecord> storage;
    std::vector<FunctionGas> functions;
    std::vector<std::string> function_names;  ///< of `functions`
    Bytes dump;

    [[nodiscard]] bool is_good() const { return !rejection && !link && !outcome.trap; }
};

/// @error kUsage: the file, the export or an argument cannot be meant. A module that is refused and
/// a run that traps are no errors but answers.
[[nodiscard]] Fallible<ModuleRun> run_module(const ModuleRunOptions& options);

/// A number for a parameter of this type: decimal, signed or unsigned, or 0x and its bits.
/// @param place of the argument, from 1, for the message. @error kUsage if it does not fit
[[nodiscard]] Fallible<std::uint64_t> parse_argument(
    std::string_view text, vm::ValueType type, std::size_t place);

/// @return nothing for a name that is none
[[nodiscard]] std::optional<vm::Profile> parse_profile(std::string_view name);

/// The rules of a profile.
[[nodiscard]] vm::Rules rules_of(vm::Profile profile);

}  // namespace polis::tools::vmtool
