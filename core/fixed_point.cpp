#include <core/fixed_point.hpp>

#include <algorithm>
#include <limits>

#include <core/integer.hpp>

namespace polis {

namespace {

std::optional<Fixed> narrow_signed(i128 value) {
    if (value < std::numeric_limits<std::int64_t>::min() ||
        value > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return Fixed{static_cast<std::int64_t>(value)};
}

i128 floor_div(i128 numerator, i128 denominator) {
    const i128 quotient = numerator / denominator;
    const bool inexact = numerator % denominator != 0;
    return inexact && ((numerator < 0) != (denominator < 0)) ? quotient - 1 : quotient;
}

i128 scaled(std::int64_t value) {
    return static_cast<i128>(value) * (i128{1} << Fixed::kFractionBits);
}

}  // namespace

std::optional<Fixed> Fixed::from_ratio(std::int64_t numerator, std::int64_t denominator) {
    if (denominator == 0) {
        return std::nullopt;
    }
    return narrow_signed(floor_div(scaled(numerator), denominator));
}

std::optional<Fixed> checked_add(Fixed left, Fixed right) {
    return narrow_signed(static_cast<i128>(left.raw) + right.raw);
}

std::optional<Fixed> checked_sub(Fixed left, Fixed right) {
    return narrow_signed(static_cast<i128>(left.raw) - right.raw);
}

std::optional<Fixed> checked_mul(Fixed left, Fixed right) {
    // An arithmetic shift rounds towards minus infinity.
    return narrow_signed((static_cast<i128>(left.raw) * right.raw) >> Fixed::kFractionBits);
}

std::optional<Fixed> checked_div(Fixed left, Fixed right) {
    if (right.raw == 0) {
        return std::nullopt;
    }
    return narrow_signed(floor_div(scaled(left.raw), right.raw));
}

std::string to_decimal(Fixed value, int digits) {
    digits = std::clamp(digits, 0, 9);
    const bool negative = value.raw < 0;
    const i128 wide = value.raw;
    const auto magnitude = static_cast<u128>(negative ? -wide : wide);
    std::string out = negative ? "-" : "";
    out += to_decimal(magnitude >> Fixed::kFractionBits);
    u128 fraction = magnitude & ((u128{1} << Fixed::kFractionBits) - 1);
    if (digits > 0) {
        out.push_back('.');
    }
    for (int i = 0; i < digits; ++i) {
        fraction *= 10;
        out.push_back(static_cast<char>('0' + static_cast<int>(fraction >> Fixed::kFractionBits)));
        fraction &= (u128{1} << Fixed::kFractionBits) - 1;
    }
    return out;
}

}  // namespace polis
