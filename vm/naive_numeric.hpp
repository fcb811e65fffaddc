#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <vm/trap.hpp>

namespace polis::vm::naive {

/// Executes one instruction that takes operands from the stack and leaves its result there:
/// comparisons, arithmetic, conversions (opcodes 0x45 to 0xbf). i32 has a zero high half.
/// @pre validated: the operands are there
/// @return kDivideByZero, kIntegerOverflow, or kFloat for anything with floats
[[nodiscard]] std::optional<Trap> execute_numeric(
    std::uint8_t opcode, std::vector<std::uint64_t>& stack);

}  // namespace polis::vm::naive
