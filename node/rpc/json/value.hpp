#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>

namespace polis::node::rpc {

/// A JSON value as it was written. Numbers keep their text: nothing is rounded on the way in.
struct Json {
    enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

    struct Member;

    Kind kind = Kind::kNull;
    bool truth = false;
    std::string text;             ///< of a number as written, of a string without escapes
    std::vector<Json> items;      ///< of an array
    std::vector<Member> members;  ///< of an object, in their order

    /// The member of that name; null if there is none or this is no object.
    [[nodiscard]] const Json* find(std::string_view name) const;
};

struct Json::Member {
    std::string name;
    Json value;
};

/// "an object", "a number": for messages.
[[nodiscard]] std::string_view to_string(Json::Kind kind);

/// Why a text is refused.
enum class JsonError : std::uint8_t {
    kSyntax,         ///< not JSON (RFC 8259)
    kTrailing,       ///< JSON, and then something else
    kBadUtf8,        ///< overlong, a surrogate, beyond U+10FFFF
    kLoneSurrogate,  ///< an escape of half a character
    kTooDeep,        ///< arrays and objects in each other beyond the limit
    kTooMany,        ///< more values than the limit
    kDuplicateKey,   ///< an object has two members of one name
};

struct JsonFault {
    JsonError code = JsonError::kSyntax;
    std::size_t offset = 0;  ///< of the byte where it shows
};

/// What the grammar leaves open.
struct JsonRules {
    std::size_t depth_max = 64;
    std::size_t values_max = 65'536;  ///< bounds the memory that a short text can ask for
    bool duplicate_keys = false;      ///< both kept; find() gives the first
};

inline constexpr std::size_t kJsonDepthMax = 512;  ///< that any rules may allow

/// Reads one value and nothing after it. O(n log n). @pre rules.depth_max <= kJsonDepthMax
[[nodiscard]] Result<Json, JsonFault> parse_json(std::string_view text, const JsonRules& rules);

/// Why a number is not the integer that is wanted.
enum class IntegerError : std::uint8_t {
    kNotInteger,  ///< has a fraction or an exponent
    kOutOfRange,  ///< beyond 64 bits, or negative where that is not wanted
};

/// @pre number.kind == kNumber
[[nodiscard]] Result<std::uint64_t, IntegerError> as_unsigned(const Json& number);
[[nodiscard]] Result<std::int64_t, IntegerError> as_signed(const Json& number);

}  // namespace polis::node::rpc
