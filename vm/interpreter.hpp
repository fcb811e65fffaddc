#pragma once

#include <cstdint>
#include <span>

#include <vm/instance.hpp>

namespace polis::vm {

/// What is left of a run's limits when it calls into another instance.
struct StackBudget {
    std::uint32_t frames = kCallDepthMax;
    std::uint32_t slots = kStackSlotsMax;
};

/// Calls a function wherever it lies: with the fast engine, or the host that offers it.
/// @param memory of the caller, for a host's function
[[nodiscard]] Outcome call_function(
    const FunctionRef& function,
    std::span<const std::uint64_t> args,
    std::uint64_t gas,
    Memory* memory,
    const StackBudget& budget);

}  // namespace polis::vm
