#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Values as a person writes them on a command line: like JSON, but words need no quotes.
namespace polis::tools::contract {

inline constexpr std::size_t kLiteralDepthMax = 16;

struct Literal {
    enum class Kind : unsigned char { kWord, kQuoted, kList, kObject };

    Kind kind = Kind::kWord;
    std::string text;              ///< of a word, or between the quotes
    std::vector<Literal> members;  ///< of a list or an object
    std::string name;              ///< of a member of an object
};

/// @return nothing if the text is no literal: brackets or quotes that do not match, two values
[[nodiscard]] std::optional<Literal> parse_literal(std::string_view text);

}  // namespace polis::tools::contract
