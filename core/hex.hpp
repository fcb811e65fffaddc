#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <core/bytes.hpp>

namespace polis {

/// Lower-case hexadecimal without a prefix.
std::string to_hex(ByteView bytes);

/// Lower-case hexadecimal with the prefix `0x`, the form of JSON and of the command line.
std::string to_hex_prefixed(ByteView bytes);

/// Parses hexadecimal of either case, with or without `0x`.
/// @return nothing for an odd number of digits or for any other character.
std::optional<Bytes> from_hex(std::string_view text);

/// Parses exactly the size of `Fixed` (a FixedBytes type).
template <class Fixed>
std::optional<Fixed> fixed_from_hex(std::string_view text) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != Fixed::kSize) {
        return std::nullopt;
    }
    return Fixed::from_view(*bytes);
}

}  // namespace polis
