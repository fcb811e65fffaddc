#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace polis {

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

/// Sum, difference or product, or nothing when the exact result does not fit.
template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T left, T right) {
    T out{};
    return __builtin_add_overflow(left, right, &out) ? std::nullopt : std::optional<T>{out};
}

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_sub(T left, T right) {
    T out{};
    return __builtin_sub_overflow(left, right, &out) ? std::nullopt : std::optional<T>{out};
}

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_mul(T left, T right) {
    T out{};
    return __builtin_mul_overflow(left, right, &out) ? std::nullopt : std::optional<T>{out};
}

/// left + right, or the largest value.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_add(T left, T right) {
    return checked_add(left, right).value_or(std::numeric_limits<T>::max());
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr T saturating_mul(T left, T right) {
    return checked_mul(left, right).value_or(std::numeric_limits<T>::max());
}

[[nodiscard]] constexpr u128 wide_mul(std::uint64_t left, std::uint64_t right) {
    return static_cast<u128>(left) * right;
}

/// The value as 64 bits, or nothing when it is larger.
[[nodiscard]] constexpr std::optional<std::uint64_t> narrow(u128 value) {
    if (value > std::numeric_limits<std::uint64_t>::max()) {
        return std::nullopt;
    }
    return static_cast<std::uint64_t>(value);
}

/// floor(value * numerator / denominator) through 128 bits.
/// @return nothing for a zero denominator or a result beyond 64 bits.
[[nodiscard]] constexpr std::optional<std::uint64_t> mul_div_floor(
    std::uint64_t value, std::uint64_t numerator, std::uint64_t denominator) {
    if (denominator == 0) {
        return std::nullopt;
    }
    return narrow(wide_mul(value, numerator) / denominator);
}

/// ceil(value * numerator / denominator) through 128 bits; errors as mul_div_floor.
[[nodiscard]] constexpr std::optional<std::uint64_t> mul_div_ceil(
    std::uint64_t value, std::uint64_t numerator, std::uint64_t denominator) {
    if (denominator == 0) {
        return std::nullopt;
    }
    const u128 product = wide_mul(value, numerator);
    return narrow(product / denominator + (product % denominator != 0 ? 1 : 0));
}

/// Decimal digits of a 128-bit number.
std::string to_decimal(u128 value);

/// Parses decimal digits only: no sign, no spaces, no leading zero but "0" itself.
/// @return nothing for any other text or a value beyond the type.
std::optional<u128> parse_u128(std::string_view text);
std::optional<std::uint64_t> parse_u64(std::string_view text);

}  // namespace polis
