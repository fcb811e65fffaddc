#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>

/// bech32m (BIP 350): text with a readable prefix and a checksum that finds any four wrong
/// characters.
namespace polis::crypto::bech32m {

inline constexpr std::size_t kTextBytesMax = 90;
inline constexpr std::size_t kChecksumWords = 6;

/// Values from 0 to 31, one a character.
using Words = std::vector<std::uint8_t>;

enum class Error : std::uint8_t {
    kTooLong,       ///< more than 90 characters
    kBadCharacter,  ///< outside the printable ASCII, or after the separator outside the alphabet
    kMixedCase,     ///< upper and lower case in one text
    kNoPrefix,      ///< no separator '1', or nothing before it
    kTooShort,      ///< no room for the checksum after the separator
    kBadChecksum,   ///< a typing error, or bech32 (BIP 173) instead of bech32m
    kBadPadding,    ///< more than four padding bits, or one that is not zero
};

std::string_view to_string(Error error);

struct Decoded {
    std::string prefix;  ///< lower case
    Words words;         ///< without the checksum

    bool operator==(const Decoded&) const = default;
};

/// The text in lower case.
/// @pre prefix is lower-case printable ASCII and not empty, every word is below 32, and the text
/// has
///      no more than 90 characters
[[nodiscard]] std::string encode(std::string_view prefix, const Words& words);

/// @error all but kBadPadding
[[nodiscard]] Result<Decoded, Error> decode(std::string_view text);

/// Regroups bytes to words; the last word is padded with zero bits.
[[nodiscard]] Words words_of(ByteView bytes);

/// Regroups words to bytes. @error kBadPadding. @pre every word is below 32
[[nodiscard]] Result<Bytes, Error> bytes_of(const Words& words);

}  // namespace polis::crypto::bech32m
