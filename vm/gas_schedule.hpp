#pragma once

#include <cstdint>

#include <core/types.hpp>

namespace polis::vm {

/// What execution costs. Protocol constants, so a change is a change of the protocol and of
/// `version`, which every cache of translated code has in its key.
///
/// Every instruction has one cost, whatever it is translated to. They are paid by runs: run(p) is
/// the sum from position p up to and including the next br, br_if, br_table, if, else, return,
/// unreachable or the end of the function. A run is paid when it is entered: at the entry of the
/// function, at the target of a branch that is taken, behind a br_if or if that falls through. So
/// the sum is exact on every normal return; a trap has paid the run that it lies in; and running
/// out of gas is found at the beginning of a run, never within one. Source: docs/spec/vm.md.
struct GasSchedule {
    std::uint32_t version = 1;

    // By instruction. block, loop, end and nop of any kind emit nothing and cost nothing.
    std::uint32_t plain = 1;   ///< ALU, local, constant, select, drop, memory.size
    std::uint32_t memory = 2;  ///< load, store
    std::uint32_t multiply = 1;
    std::uint32_t divide = 4;  ///< and remainder
    std::uint32_t global = 2;
    std::uint32_t branch = 1;  ///< br, br_if, if, else, return
    std::uint32_t branch_table = 3;
    std::uint32_t call = 8;
    std::uint32_t call_indirect = 12;

    // By what happens.
    std::uint32_t locals_8 = 1;              ///< a call, for each 8 (begun) locals set to zero
    std::uint32_t grow_page = 5'000;         ///< memory.grow, before it is tried, for each page
    std::uint32_t instantiate = 2'000;       ///< an instance
    std::uint32_t instantiate_page = 5'000;  ///< for each page that its memory begins with
    std::uint32_t instantiate_byte_8 = 1;    ///< for each 8 (begun) bytes of segments
    std::uint32_t deploy_byte = 20;          ///< validation and translation

    // Host functions: base, and for each begun 8 bytes that are read or written.
    std::uint32_t host_base = 20;
    std::uint32_t host_byte_8 = 2;

    bool operator==(const GasSchedule&) const = default;
};

inline constexpr GasSchedule kGasSchedule{};

}  // namespace polis::vm
