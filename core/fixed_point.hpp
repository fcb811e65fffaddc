#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace polis {

/// A signed number in units of 2^-32 (Q32.32). Exact, ordered, the same on every machine.
/// Operations round towards minus infinity and return nothing when the result does not fit.
struct Fixed {
    static constexpr int kFractionBits = 32;

    std::int64_t raw = 0;

    auto operator<=>(const Fixed&) const = default;

    static constexpr Fixed from_raw(std::int64_t raw) { return Fixed{raw}; }

    /// Every 32-bit integer fits.
    static constexpr Fixed from_int(std::int32_t value) {
        return Fixed{static_cast<std::int64_t>(value) * (std::int64_t{1} << kFractionBits)};
    }

    /// floor(numerator / denominator * 2^32); nothing for a zero denominator.
    static std::optional<Fixed> from_ratio(std::int64_t numerator, std::int64_t denominator);

    /// The largest integer that is not above the value.
    [[nodiscard]] constexpr std::int32_t floor() const {
        return static_cast<std::int32_t>(raw >> kFractionBits);
    }
};

[[nodiscard]] std::optional<Fixed> checked_add(Fixed left, Fixed right);
[[nodiscard]] std::optional<Fixed> checked_sub(Fixed left, Fixed right);
[[nodiscard]] std::optional<Fixed> checked_mul(Fixed left, Fixed right);
[[nodiscard]] std::optional<Fixed> checked_div(Fixed left, Fixed right);

/// Decimal with `digits` places (at most 9), rounded towards zero; for people, never parsed back.
std::string to_decimal(Fixed value, int digits = 6);

}  // namespace polis
