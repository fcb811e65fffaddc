#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace polis::vm {

/// Why a run ended without a result. Part of receipts by name: append only.
enum class Trap : std::uint8_t {
    kUnreachable = 0,  ///< the contract said so
    kDivideByZero = 1,
    kIntegerOverflow = 2,  ///< the quotient of the smallest number by -1
    kMemoryBounds = 3,     ///< by the contract, or a pointer that it gave to the host
    kTableBounds = 4,
    kEmptyElement = 5,    ///< call_indirect of an entry that holds no function
    kSignature = 6,       ///< call_indirect of a function of another type
    kStackExhausted = 7,  ///< kCallDepthMax or kStackSlotsMax
    kOutOfGas = 8,
    kHost = 9,    ///< the host ended the run and knows why: revert, a refused argument
    kFloat = 10,  ///< a float instruction, in the specification's suite only
};

std::string_view to_string(Trap trap);

/// How a run ended.
struct Outcome {
    std::optional<Trap> trap;
    /// The result if there is no trap and the function has one: i32 in the low half.
    std::optional<std::uint64_t> result;
    std::uint64_t gas_left = 0;  ///< 0 after kOutOfGas

    bool operator==(const Outcome&) const = default;
};

}  // namespace polis::vm
