#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <core/types.hpp>

/// Decimal fractions as people write them, as exact integers of their last place.
namespace polis::genesis {

inline constexpr int kAmountPlaces = 9;   ///< 1 POLIS is 10^9 units
inline constexpr int kPercentPlaces = 2;  ///< 1 % is 100 basis points

enum class DecimalError : std::uint8_t {
    kNotDecimal,     ///< something else than digits with at most one point between them
    kTooManyPlaces,  ///< finer than the unit
    kTooLarge,       ///< beyond 64 bits
};

/// For a person: the cause, to go behind "is".
std::string_view to_string(DecimalError error);

/// "1000.5" with 9 places is 1000500000000. No sign, no exponent, no spaces, no leading zero but in
/// "0" and "0.5".
[[nodiscard]] Result<std::uint64_t, DecimalError> parse_decimal(std::string_view text, int places);

/// The shortest text that parse_decimal reads back.
[[nodiscard]] std::string to_decimal_text(std::uint64_t value, int places);

/// An amount in POLIS: "1000.5".
[[nodiscard]] std::string to_text(Amount amount);

}  // namespace polis::genesis
