#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <core/bytes.hpp>
#include <tests/vm/decisions.hpp>
#include <vm/program.hpp>

namespace polis::vm::tests {

/// What random modules did, to see that they do something.
struct RunCounts {
    std::uint64_t modules = 0;
    std::uint64_t runs = 0;
    // Of those with much gas:
    std::uint64_t done = 0;
    std::array<std::uint64_t, 11> traps{};  ///< by Trap
};

/// How much is tried with one module.
struct Effort {
    std::uint64_t gas_max = 20'000;
    std::uint64_t first_limits = 40;  ///< gas limits 0, 1, ... up to here, or up to what is used
    std::uint64_t random_limits = 8;
};

/// Runs every exported function of the program on both engines: with much gas, with each small
/// limit and with random ones. Arguments come from `decisions`.
/// @return what differs; empty if nothing does
[[nodiscard]] std::string compare_engines(
    const std::shared_ptr<const Program>& program,
    Decisions& decisions,
    const Effort& effort,
    RunCounts& counts);

}  // namespace polis::vm::tests
