#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

#include <core/check.hpp>
#include <core/crypto/bech32m.hpp>

namespace polis::crypto::bech32m {

namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::uint32_t kConstant = 0x2bc830a3;
constexpr char kSeparator = '1';

// Own functions: those of the C library depend on the locale.
bool is_upper(char character) { return character >= 'A' && character <= 'Z'; }

bool is_lower(char character) { return character >= 'a' && character <= 'z'; }

bool is_printable(char character) { return character >= '!' && character <= '~'; }

char to_lower(char character) {
    return is_upper(character) ? static_cast<char>(character - 'A' + 'a') : character;
}

/// One step of the checksum: remainder by the BCH generator of BIP 173.
std::uint32_t step(std::uint32_t remainder, std::uint8_t word) {
    constexpr std::array<std::uint32_t, 5> kGenerator{
        0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const std::uint32_t top = remainder >> 25;
    remainder = ((remainder & 0x1ffffff) << 5) ^ word;
    for (std::size_t i = 0; i < kGenerator.size(); ++i) {
        if (((top >> i) & 1) != 0) {
            remainder ^= kGenerator[i];
        }
    }
    return remainder;
}

std::uint32_t remainder_of(std::string_view prefix, const Words& words) {
    std::uint32_t remainder = 1;
    for (const char character : prefix) {
        remainder = step(remainder, static_cast<std::uint8_t>(character) >> 5);
    }
    remainder = step(remainder, 0);
    for (const char character : prefix) {
        remainder = step(remainder, static_cast<std::uint8_t>(character) & 31);
    }
    for (const std::uint8_t word : words) {
        remainder = step(remainder, word);
    }
    return remainder;
}

}  // namespace

std::string_view to_string(Error error) {
    switch (error) {
        case Error::kTooLong:
            return "more than 90 characters";
        case Error::kBadCharacter:
            return "character outside the alphabet";
        case Error::kMixedCase:
            return "mixed case";
        case Error::kNoPrefix:
            return "no prefix";
        case Error::kTooShort:
            return "too short for a checksum";
        case Error::kBadChecksum:
            return "wrong checksum";
        case Error::kBadPadding:
            return "wrong padding";
    }
    return "unknown bech32m error";
}

std::string encode(std::string_view prefix, const Words& words) {
    POLIS_ASSERT(!prefix.empty());
    POLIS_ASSERT(std::ranges::none_of(prefix, is_upper));
    POLIS_ASSERT(std::ranges::all_of(prefix, is_printable));
    POLIS_ASSERT(std::ranges::all_of(words, [](std::uint8_t word) { return word < 32; }));
    POLIS_ASSERT_OP(prefix.size() + 1 + words.size() + kChecksumWords, <=, kTextBytesMax);

    Words padded = words;
    padded.resize(words.size() + kChecksumWords);
    const std::uint32_t checksum = remainder_of(prefix, padded) ^ kConstant;
    for (std::size_t i = 0; i < kChecksumWords; ++i) {
        padded[words.size() + i] =
            static_cast<std::uint8_t>((checksum >> (5 * (kChecksumWords - 1 - i))) & 31);
    }
    std::string out(prefix);
    out.push_back(kSeparator);
    for (const std::uint8_t word : padded) {
        out.push_back(kAlphabet[word]);
    }
    return out;
}

Result<Decoded, Error> decode(std::string_view text) {
    if (text.size() > kTextBytesMax) {
        return std::unexpected(Error::kTooLong);
    }
    if (!std::ranges::all_of(text, is_printable)) {
        return std::unexpected(Error::kBadCharacter);
    }
    if (std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower)) {
        return std::unexpected(Error::kMixedCase);
    }
    const std::size_t separator = text.rfind(kSeparator);
    if (separator == std::string_view::npos || separator == 0) {
        return std::unexpected(Error::kNoPrefix);
    }
    const std::string_view data = text.substr(separator + 1);
    if (data.size() < kChecksumWords) {
        return std::unexpected(Error::kTooShort);
    }

    Decoded out;
    std::ranges::transform(text.substr(0, separator), std::back_inserter(out.prefix), to_lower);
    for (const char character : data) {
        const std::size_t word = kAlphabet.find(to_lower(character));
        if (word == std::string_view::npos) {
            return std::unexpected(Error::kBadCharacter);
        }
        out.words.push_back(static_cast<std::uint8_t>(word));
    }
    if (remainder_of(out.prefix, out.words) != kConstant) {
        return std::unexpected(Error::kBadChecksum);
    }
    out.words.resize(out.words.size() - kChecksumWords);
    return out;
}

Words words_of(ByteView bytes) {
    Words out;
    std::uint32_t buffer = 0;
    unsigned bits = 0;  // waiting in the low end of the buffer, always below 5 after the inner loop
    for (const std::uint8_t byte : bytes) {
        buffer = ((buffer << 8) | byte) & 0xfff;
        for (bits += 8; bits >= 5; bits -= 5) {
            out.push_back(static_cast<std::uint8_t>((buffer >> (bits - 5)) & 31));
        }
    }
    if (bits > 0) {
        out.push_back(static_cast<std::uint8_t>((buffer << (5 - bits)) & 31));
    }
    return out;
}

Result<Bytes, Error> bytes_of(const Words& words) {
    Bytes out;
    std::uint32_t buffer = 0;
    unsigned bits = 0;
    for (const std::uint8_t word : words) {
        POLIS_ASSERT_OP(word, <, 32);
        buffer = ((buffer << 5) | word) & 0xfff;
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>((buffer >> bits) & 0xff));
        }
    }
    const std::uint32_t padding = buffer & ((1U << bits) - 1);
    if (bits > 4 || padding != 0) {
        return std::unexpected(Error::kBadPadding);
    }
    return out;
}

}  // namespace polis::crypto::bech32m
