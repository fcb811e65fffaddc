#include <genesis/decimal.hpp>

#include <algorithm>
#include <optional>

#include <core/integer.hpp>

namespace polis::genesis {

namespace {

std::uint64_t power_of_ten(int exponent) {
    std::uint64_t power = 1;
    for (int i = 0; i < exponent; ++i) {
        power *= 10;
    }
    return power;
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view to_string(DecimalError error) {
    switch (error) {
        case DecimalError::kNotDecimal:
            return "not a decimal number";
        case DecimalError::kTooManyPlaces:
            return "finer than the smallest unit";
        case DecimalError::kTooLarge:
            return "too large for 64 bits";
    }
    return "not a number";
}

Result<std::uint64_t, DecimalError> parse_decimal(std::string_view text, int places) {
    const std::size_t point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const bool has_point = point != std::string_view::npos;
    const std::string_view fraction = has_point ? text.substr(point + 1) : std::string_view{};
    const bool leading_zero = whole.size() > 1 && whole.front() == '0';
    if (!all_digits(whole) || leading_zero || (has_point && !all_digits(fraction))) {
        return std::unexpected(DecimalError::kNotDecimal);
    }
    if (fraction.size() > static_cast<std::size_t>(places)) {
        return std::unexpected(DecimalError::kTooManyPlaces);
    }
    std::uint64_t last_places = 0;
    for (const char digit : fraction) {
        last_places = last_places * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    last_places *= power_of_ten(places - static_cast<int>(fraction.size()));
    const auto units = parse_u64(whole);
    const auto scaled = units ? checked_mul(*units, power_of_ten(places)) : std::nullopt;
    const auto value = scaled ? checked_add(*scaled, last_places) : std::nullopt;
    if (!value) {
        return std::unexpected(DecimalError::kTooLarge);
    }
    return *value;
}

std::string to_decimal_text(std::uint64_t value, int places) {
    const std::uint64_t unit = power_of_ten(places);
    std::string text = std::to_string(value / unit);
    if (const std::uint64_t rest = value % unit; rest != 0) {
        const std::string digits = std::to_string(rest);
        text += '.' + std::string(static_cast<std::size_t>(places) - digits.size(), '0') + digits;
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

std::string to_text(Amount amount) { return to_decimal_text(amount.value, kAmountPlaces); }

}  // namespace polis::genesis
