#pragma once

#include <vm/sdk/memory.hpp>
#include <vm/sdk/types.hpp>

/// Arithmetic that reverts instead of being wrong.
namespace polis::sdk {

namespace detail {

struct Wide {
    u64 low;
    u64 high;
};

/// 64 x 64 bits to 128, by halves.
constexpr Wide wide_mul(u64 left, u64 right) {
    constexpr u64 kHalf = 0xffff'ffff;
    const u64 a = left & kHalf;
    const u64 b = left >> 32;
    const u64 c = right & kHalf;
    const u64 d = right >> 32;
    const u64 low = a * c;
    const u64 middle = (low >> 32) + ((a * d) & kHalf) + ((b * c) & kHalf);
    const u64 high = (middle >> 32) + ((a * d) >> 32) + ((b * c) >> 32) + b * d;
    return {(middle << 32) | (low & kHalf), high};
}

}  // namespace detail

template <Integer T>
[[nodiscard]] inline T add(T left, T right) {
    T out{};
    require(!__builtin_add_overflow(left, right, &out), "a sum does not fit");
    return out;
}

template <Integer T>
[[nodiscard]] inline T sub(T left, T right) {
    T out{};
    require(!__builtin_sub_overflow(left, right, &out), "a difference does not fit");
    return out;
}

template <UnsignedInteger T>
[[nodiscard]] inline T mul(T left, T right) {
    const detail::Wide product = detail::wide_mul(left, right);
    const T out = static_cast<T>(product.low);
    require(product.high == 0 && out == product.low, "a product does not fit");
    return out;
}

template <UnsignedInteger T>
[[nodiscard]] inline T div(T left, T right) {
    require(right != 0, "a division by zero");
    return static_cast<T>(left / right);
}

/// A number whose operators revert when the result does not fit. Encoded as the number itself.
template <UnsignedInteger T>
struct Checked {
    T value = 0;

    constexpr Checked() = default;

    /// Implicit, so that literals and plain numbers mix with it.
    constexpr Checked(T number) : value(number) {}

    friend Checked operator+(Checked left, Checked right) { return add(left.value, right.value); }

    friend Checked operator-(Checked left, Checked right) { return sub(left.value, right.value); }

    friend Checked operator*(Checked left, Checked right) { return mul(left.value, right.value); }

    friend Checked operator/(Checked left, Checked right) { return div(left.value, right.value); }

    Checked& operator+=(Checked other) { return *this = *this + other; }

    Checked& operator-=(Checked other) { return *this = *this - other; }

    friend constexpr bool operator==(Checked left, Checked right) {
        return left.value == right.value;
    }

    friend constexpr bool operator<(Checked left, Checked right) {
        return left.value < right.value;
    }

    friend constexpr bool operator>(Checked left, Checked right) { return right < left; }

    friend constexpr bool operator<=(Checked left, Checked right) { return !(right < left); }

    friend constexpr bool operator>=(Checked left, Checked right) { return !(left < right); }
};

/// Coins in units of 10^-9 POLIS.
using Amount = Checked<u64>;

/// An unsigned 128-bit number; its operators revert when the result does not fit.
struct u128 {
    u64 low = 0;
    u64 high = 0;

    constexpr u128() = default;

    /// Implicit, so that literals and plain numbers mix with it.
    constexpr u128(u64 number) : low(number) {}

    constexpr u128(u64 high_half, u64 low_half) : low(low_half), high(high_half) {}

    friend u128 operator+(u128 left, u128 right) {
        const u64 lower = left.low + right.low;
        const u64 carry = lower < left.low ? 1 : 0;
        const u64 upper = left.high + right.high;
        const u64 sum = upper + carry;
        require(upper >= left.high && sum >= upper, "a sum does not fit");
        return {sum, lower};
    }

    friend u128 operator-(u128 left, u128 right) {
        require(right <= left, "a difference does not fit");
        const u64 borrow = left.low < right.low ? 1 : 0;
        return {left.high - right.high - borrow, left.low - right.low};
    }

    friend u128 operator*(u128 left, u128 right) {
        require(left.high == 0 || right.high == 0, "a product does not fit");
        const detail::Wide lower = detail::wide_mul(left.low, right.low);
        const detail::Wide cross = left.high != 0 ? detail::wide_mul(left.high, right.low)
                                                  : detail::wide_mul(left.low, right.high);
        const u64 upper = lower.high + cross.low;
        require(cross.high == 0 && upper >= lower.high, "a product does not fit");
        return {upper, lower.low};
    }

    friend u128 operator/(u128 left, u128 right) { return mul_div(left, 1, right); }

    friend u128 operator%(u128 left, u128 right) { return left - left / right * right; }

    u128& operator+=(u128 other) { return *this = *this + other; }

    u128& operator-=(u128 other) { return *this = *this - other; }

    friend constexpr bool operator==(u128 left, u128 right) {
        return left.low == right.low && left.high == right.high;
    }

    friend constexpr bool operator<(u128 left, u128 right) {
        return left.high < right.high || (left.high == right.high && left.low < right.low);
    }

    friend constexpr bool operator>(u128 left, u128 right) { return right < left; }

    friend constexpr bool operator<=(u128 left, u128 right) { return !(right < left); }

    friend constexpr bool operator>=(u128 left, u128 right) { return !(left < right); }

    /// a * b / c through 256 bits, rounded down. Reverts if c is zero or the result does not fit.
    friend u128 mul_div(u128 a, u128 b, u128 c) {
        require(c.low != 0 || c.high != 0, "a division by zero");
        u128 out;
        const bool fits = polis_host_mul_div_128(&a, &b, &c, &out) == 1;
        require(fits, "a quotient does not fit");
        return out;
    }

    /// Reverts if it does not fit.
    [[nodiscard]] u64 to_u64() const {
        require(high == 0, "a number does not fit 64 bits");
        return low;
    }
};

/// A signed number in units of 2^-32 (Q32.32). Rounds towards minus infinity, reverts when the
/// result does not fit. Encoded as an i64, the number of units.
struct Fixed {
    i64 raw = 0;

    static constexpr Fixed from_raw(i64 raw) { return Fixed{raw}; }

    static constexpr Fixed from_int(i32 number) { return Fixed{i64{number} * (i64{1} << 32)}; }

    static Fixed from_ratio(i64 numerator, i64 denominator) {
        return quotient(numerator, denominator);
    }

    [[nodiscard]] constexpr i32 floor() const { return static_cast<i32>(raw >> 32); }

    friend Fixed operator+(Fixed left, Fixed right) { return {add(left.raw, right.raw)}; }

    friend Fixed operator-(Fixed left, Fixed right) { return {sub(left.raw, right.raw)}; }

    friend Fixed operator*(Fixed left, Fixed right) {
        const detail::Wide product = detail::wide_mul(size_of(left.raw), size_of(right.raw));
        require(product.high >> 32 == 0, "a product does not fit");
        const u64 units = (product.high << 32) | (product.low >> 32);
        const bool rest = static_cast<u32>(product.low) != 0;
        return signed_units(units, (left.raw < 0) != (right.raw < 0), rest);
    }

    friend Fixed operator/(Fixed left, Fixed right) { return quotient(left.raw, right.raw); }

    friend constexpr bool operator==(Fixed left, Fixed right) { return left.raw == right.raw; }

    friend constexpr bool operator<(Fixed left, Fixed right) { return left.raw < right.raw; }

    friend constexpr bool operator>(Fixed left, Fixed right) { return right < left; }

    friend constexpr bool operator<=(Fixed left, Fixed right) { return !(right < left); }

    friend constexpr bool operator>=(Fixed left, Fixed right) { return !(left < right); }

  private:
    static constexpr u64 size_of(i64 number) {
        return number < 0 ? ~static_cast<u64>(number) + 1 : static_cast<u64>(number);
    }

    static Fixed signed_units(u64 units, bool negative, bool rest) {
        constexpr u64 kLargest = 0x7fff'ffff'ffff'ffff;
        if (!negative) {
            require(units <= kLargest, "a result does not fit");
            return {static_cast<i64>(units)};
        }
        require(units <= kLargest + 1 - (rest ? 1 : 0), "a result does not fit");
        return {static_cast<i64>(~(units + (rest ? 1 : 0)) + 1)};
    }

    static Fixed quotient(i64 numerator, i64 denominator) {
        const u64 above = size_of(numerator);
        const u128 scaled{above >> 32, above << 32};
        const u128 below = size_of(denominator);
        const u128 units = scaled / below;
        const bool rest = !(units * below == scaled);
        return signed_units(units.to_u64(), (numerator < 0) != (denominator < 0), rest);
    }
};

}  // namespace polis::sdk

#if defined(__wasm__)
/// The compiler calls it for products of 128 bits, and there is no library to have it.
extern "C" __attribute__((weak)) __int128 __multi3(__int128 left, __int128 right) {
    using Wide = unsigned __int128;
    const auto a = static_cast<Wide>(left);
    const auto b = static_cast<Wide>(right);
    const auto a_low = static_cast<uint64_t>(a);
    const auto b_low = static_cast<uint64_t>(b);
    const polis::sdk::detail::Wide low = polis::sdk::detail::wide_mul(a_low, b_low);
    const uint64_t high =
        low.high + a_low * static_cast<uint64_t>(b >> 64) + static_cast<uint64_t>(a >> 64) * b_low;
    return static_cast<__int128>((static_cast<Wide>(high) << 64) | low.low);
}
#endif
