#include <core/integer.hpp>

#include <algorithm>

namespace polis {

std::string to_decimal(u128 value) {
    if (value == 0) {
        return "0";
    }
    std::string out;
    while (value != 0) {
        out.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
        value /= 10;
    }
    std::ranges::reverse(out);
    return out;
}

std::optional<u128> parse_u128(std::string_view text) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) {
        return std::nullopt;
    }
    constexpr u128 kMax = ~u128{0};
    u128 value = 0;
    for (const char character : text) {
        if (character < '0' || character > '9') {
            return std::nullopt;
        }
        const auto digit = static_cast<u128>(character - '0');
        if (value > (kMax - digit) / 10) {
            return std::nullopt;
        }
        value = value * 10 + digit;
    }
    return value;
}

std::optional<std::uint64_t> parse_u64(std::string_view text) {
    const auto value = parse_u128(text);
    return value ? narrow(*value) : std::nullopt;
}

}  // namespace polis
