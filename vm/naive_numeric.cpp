#include <vm/naive_numeric.hpp>

#include <bit>
#include <limits>
#include <type_traits>
#include <utility>

namespace polis::vm::naive {

namespace {

using Stack = std::vector<std::uint64_t>;

std::uint64_t pop(Stack& stack) {
    const std::uint64_t out = stack.back();
    stack.pop_back();
    return out;
}

template <class U>
std::pair<U, U> pop_two(Stack& stack) {
    const U right = static_cast<U>(pop(stack));
    const U left = static_cast<U>(pop(stack));
    return {left, right};
}

/// eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u
template <class U>
bool compare(std::uint8_t which, U left, U right) {
    const auto signed_left = static_cast<std::make_signed_t<U>>(left);
    const auto signed_right = static_cast<std::make_signed_t<U>>(right);
    switch (which) {
        case 0:
            return left == right;
        case 1:
            return left != right;
        case 2:
            return signed_left < signed_right;
        case 3:
            return left < right;
        case 4:
            return signed_left > signed_right;
        case 5:
            return left > right;
        case 6:
            return signed_left <= signed_right;
        case 7:
            return left <= right;
        case 8:
            return signed_left >= signed_right;
        default:
            return left >= right;
    }
}

/// clz, ctz, popcnt
template <class U>
U count(std::uint8_t which, U value) {
    switch (which) {
        case 0:
            return static_cast<U>(std::countl_zero(value));
        case 1:
            return static_cast<U>(std::countr_zero(value));
        default:
            return static_cast<U>(std::popcount(value));
    }
}

/// div_s, div_u, rem_s, rem_u
template <class U>
std::optional<Trap> divide(std::uint8_t which, U left, U right, Stack& stack) {
    using S = std::make_signed_t<U>;
    if (right == 0) {
        return Trap::kDivideByZero;
    }
    const auto signed_left = static_cast<S>(left);
    const auto signed_right = static_cast<S>(right);
    const bool overflows = signed_left == std::numeric_limits<S>::min() && signed_right == -1;
    U out = 0;
    switch (which) {
        case 0:
            if (overflows) {
                return Trap::kIntegerOverflow;
            }
            out = static_cast<U>(signed_left / signed_right);
            break;
        case 1:
            out = left / right;
            break;
        case 2:
            out = overflows ? U{0} : static_cast<U>(signed_left % signed_right);
            break;
        default:
            out = left % right;
            break;
    }
    stack.push_back(out);
    return std::nullopt;
}

/// The two-operand instructions in their order: add, sub, mul, (divisions), and, or, xor, shl,
/// shr_s, shr_u, rotl, rotr.
template <class U>
U combine(std::uint8_t which, U left, U right) {
    constexpr unsigned kMask = std::numeric_limits<U>::digits - 1;
    const auto shift = static_cast<unsigned>(right & kMask);
    switch (which) {
        case 0:
            return left + right;
        case 1:
            return left - right;
        case 2:
            return left * right;
        case 7:
            return left & right;
        case 8:
            return left | right;
        case 9:
            return left ^ right;
        case 10:
            return left << shift;
        case 11:
            return static_cast<U>(static_cast<std::make_signed_t<U>>(left) >> shift);
        case 12:
            return left >> shift;
        case 13:
            return std::rotl(left, static_cast<int>(shift));
        default:
            return std::rotr(left, static_cast<int>(shift));
    }
}

/// `which` counts from clz.
template <class U>
std::optional<Trap> arithmetic(std::uint8_t which, Stack& stack) {
    if (which < 3) {
        stack.push_back(count(which, static_cast<U>(pop(stack))));
        return std::nullopt;
    }
    const auto [left, right] = pop_two<U>(stack);
    const auto operation = static_cast<std::uint8_t>(which - 3);
    if (operation >= 3 && operation <= 6) {
        return divide<U>(static_cast<std::uint8_t>(operation - 3), left, right, stack);
    }
    stack.push_back(combine(operation, left, right));
    return std::nullopt;
}

/// `which` counts from eqz.
template <class U>
void test(std::uint8_t which, Stack& stack) {
    if (which == 0) {
        stack.push_back(static_cast<U>(pop(stack)) == 0 ? 1 : 0);
        return;
    }
    const auto [left, right] = pop_two<U>(stack);
    stack.push_back(compare(static_cast<std::uint8_t>(which - 1), left, right) ? 1 : 0);
}

std::optional<Trap> convert(std::uint8_t opcode, Stack& stack) {
    switch (opcode) {
        case 0xa7:  // i32.wrap_i64
            stack.back() = static_cast<std::uint32_t>(stack.back());
            return std::nullopt;
        case 0xac:  // i64.extend_i32_s
            stack.back() = static_cast<std::uint64_t>(
                std::int64_t{static_cast<std::int32_t>(static_cast<std::uint32_t>(stack.back()))});
            return std::nullopt;
        case 0xad:  // i64.extend_i32_u
            return std::nullopt;
        default:
            return Trap::kFloat;
    }
}

}  // namespace

std::optional<Trap> execute_numeric(std::uint8_t opcode, Stack& stack) {
    const auto from = [opcode](std::uint8_t first) {
        return static_cast<std::uint8_t>(opcode - first);
    };
    if (opcode <= 0x4f) {
        test<std::uint32_t>(from(0x45), stack);
        return std::nullopt;
    }
    if (opcode <= 0x5a) {
        test<std::uint64_t>(from(0x50), stack);
        return std::nullopt;
    }
    if (opcode >= 0x67 && opcode <= 0x78) {
        return arithmetic<std::uint32_t>(from(0x67), stack);
    }
    if (opcode >= 0x79 && opcode <= 0x8a) {
        return arithmetic<std::uint64_t>(from(0x79), stack);
    }
    return convert(opcode, stack);
}

}  // namespace polis::vm::naive
