#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

#include <vm/code.hpp>
#include <vm/trap.hpp>

/// The integer operators of WebAssembly (W3C Core 1.0, 4.3.2), for 32 and 64 bits.
namespace polis::vm {

/// @pre op compares. Unsigned is the operands' type
template <Binary op, class Unsigned>
[[nodiscard]] constexpr bool compare(Unsigned a, Unsigned b) {
    using Signed = std::make_signed_t<Unsigned>;
    const auto x = static_cast<Signed>(a);
    const auto y = static_cast<Signed>(b);
    switch (op) {
        case Binary::kEq:
            return a == b;
        case Binary::kNe:
            return a != b;
        case Binary::kLtS:
            return x < y;
        case Binary::kLtU:
            return a < b;
        case Binary::kGtS:
            return x > y;
        case Binary::kGtU:
            return a > b;
        case Binary::kLeS:
            return x <= y;
        case Binary::kLeU:
            return a <= b;
        case Binary::kGeS:
            return x >= y;
        case Binary::kGeU:
            return a >= b;
        default:
            return false;
    }
}

/// Why the operator has no result for these operands; only division and remainder do that.
template <Binary op, class Unsigned>
[[nodiscard]] constexpr std::optional<Trap> trap_of(Unsigned a, Unsigned b) {
    if constexpr (
        op == Binary::kDivS || op == Binary::kDivU || op == Binary::kRemS || op == Binary::kRemU) {
        if (b == 0) {
            return Trap::kDivideByZero;
        }
    }
    if constexpr (op == Binary::kDivS) {
        constexpr auto kSmallest = std::make_unsigned_t<Unsigned>(
            std::numeric_limits<std::make_signed_t<Unsigned>>::min());
        if (a == kSmallest && b == static_cast<Unsigned>(-1)) {
            return Trap::kIntegerOverflow;
        }
    }
    return std::nullopt;
}

/// @pre !trap_of<op>(a, b)
template <Binary op, class Unsigned>
[[nodiscard]] constexpr Unsigned calculate(Unsigned a, Unsigned b) {
    using Signed = std::make_signed_t<Unsigned>;
    constexpr int kMask = std::numeric_limits<Unsigned>::digits - 1;
    const auto x = static_cast<Signed>(a);
    const auto y = static_cast<Signed>(b);
    const int bits = static_cast<int>(b) & kMask;
    switch (op) {
        case Binary::kAdd:
            return a + b;
        case Binary::kSub:
            return a - b;
        case Binary::kMul:
            return a * b;
        case Binary::kDivS:
            return static_cast<Unsigned>(x / y);
        case Binary::kDivU:
            return a / b;
        // The smallest number by -1 leaves nothing; the processor would trap.
        case Binary::kRemS:
            return y == -1 ? 0 : static_cast<Unsigned>(x % y);
        case Binary::kRemU:
            return a % b;
        case Binary::kAnd:
            return a & b;
        case Binary::kOr:
            return a | b;
        case Binary::kXor:
            return a ^ b;
        case Binary::kShl:
            return a << bits;
        case Binary::kShrS:
            return static_cast<Unsigned>(x >> bits);
        case Binary::kShrU:
            return a >> bits;
        case Binary::kRotl:
            return std::rotl(a, bits);
        case Binary::kAndNot:
            return a & ~b;
        case Binary::kRotr:
            return std::rotr(a, bits);
        default:
            return compare<op>(a, b) ? 1 : 0;
    }
}

}  // namespace polis::vm
