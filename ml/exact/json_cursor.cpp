#include <ml/exact/json_cursor.hpp>

#include <algorithm>
#include <array>

#include <core/integer.hpp>

namespace polis::exact {

namespace {

constexpr auto kBadJson = SafetensorsError::kBadJson;

/// What stands behind a backslash, or nothing.
char unescaped(char escape) {
    static constexpr std::array<std::pair<char, char>, 8> kEscapes{
        {{'"', '"'},
         {'\\', '\\'},
         {'/', '/'},
         {'b', '\b'},
         {'f', '\f'},
         {'n', '\n'},
         {'r', '\r'},
         {'t', '\t'}}};
    const auto found = std::ranges::find(kEscapes, escape, &std::pair<char, char>::first);
    return found == kEscapes.end() ? '\0' : found->second;
}

}  // namespace

Result<std::string, SafetensorsError> JsonCursor::string() {
    POLIS_TRY_VOID(want('"'));
    std::string out;
    while (!rest_.empty()) {
        char character = rest_.front();
        rest_.remove_prefix(1);
        if (character == '"') {
            return out;
        }
        if (character == '\\') {
            character = rest_.empty() ? '\0' : unescaped(rest_.front());
            if (character == '\0') {
                return std::unexpected(kBadJson);
            }
            rest_.remove_prefix(1);
        } else if (character < 0x20 || character > 0x7e) {
            return std::unexpected(kBadJson);
        }
        out.push_back(character);
    }
    return std::unexpected(kBadJson);
}

Result<std::uint64_t, SafetensorsError> JsonCursor::number() {
    skip_blanks();
    const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    const auto value = parse_u64(rest_.substr(0, digits));
    if (!value) {
        return std::unexpected(kBadJson);
    }
    rest_.remove_prefix(digits);
    return *value;
}

JsonCursor::Verdict JsonCursor::end() {
    skip_blanks();
    if (!rest_.empty()) {
        return std::unexpected(kBadJson);
    }
    return {};
}

void JsonCursor::skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
}

bool JsonCursor::eat(char wanted) {
    skip_blanks();
    if (!rest_.starts_with(wanted)) {
        return false;
    }
    rest_.remove_prefix(1);
    return true;
}

JsonCursor::Verdict JsonCursor::want(char wanted) {
    if (!eat(wanted)) {
        return std::unexpected(kBadJson);
    }
    return {};
}

}  // namespace polis::exact
