#include <node/rpc/json/value.hpp>

#include <algorithm>
#include <limits>

#include <core/check.hpp>
#include <core/integer.hpp>

namespace polis::node::rpc {

const Json* Json::find(std::string_view name) const {
    for (const Member& member : members) {
        if (member.name == name) {
            return &member.value;
        }
    }
    return nullptr;
}

std::string_view to_string(Json::Kind kind) {
    switch (kind) {
        case Json::Kind::kNull:
            return "null";
        case Json::Kind::kBool:
            return "true or false";
        case Json::Kind::kNumber:
            return "a number";
        case Json::Kind::kString:
            return "a string";
        case Json::Kind::kArray:
            return "an array";
        case Json::Kind::kObject:
            return "an object";
    }
    return "unknown";
}

namespace {

/// Sign and digits; the grammar was checked, so only '.', 'e' and 'E' can follow.
struct Integer {
    bool negative = false;
    std::uint64_t magnitude = 0;
};

Result<Integer, IntegerError> integer_of(const Json& number) {
    POLIS_ASSERT(number.kind == Json::Kind::kNumber);
    std::string_view digits = number.text;
    Integer out;
    if (digits.starts_with('-')) {
        out.negative = true;
        digits.remove_prefix(1);
    }
    if (digits.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::unexpected(IntegerError::kNotInteger);
    }
    const auto magnitude = parse_u64(digits);
    if (!magnitude) {
        return std::unexpected(IntegerError::kOutOfRange);
    }
    out.magnitude = *magnitude;
    return out;
}

}  // namespace

Result<std::uint64_t, IntegerError> as_unsigned(const Json& number) {
    POLIS_TRY(const Integer value, integer_of(number));
    if (value.negative && value.magnitude != 0) {
        return std::unexpected(IntegerError::kOutOfRange);
    }
    return value.magnitude;
}

Result<std::int64_t, IntegerError> as_signed(const Json& number) {
    POLIS_TRY(const Integer value, integer_of(number));
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value.magnitude > kMax) {
        return std::unexpected(IntegerError::kOutOfRange);
    }
    const auto magnitude = static_cast<std::int64_t>(value.magnitude);
    return value.negative ? -magnitude : magnitude;
}

}  // namespace polis::node::rpc
