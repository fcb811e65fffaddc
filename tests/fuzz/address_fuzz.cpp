// bech32m texts and addresses typed by people: what parses prints as the same text in lower case,
// and no text with a few changed characters parses as another address.
#include <cstddef>
#include <cstdint>
#include <string>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/bech32m.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis::crypto {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& character : out) {
        if (character >= 'A' && character <= 'Z') {
            character = static_cast<char>(character - 'A' + 'a');
        }
    }
    return out;
}

void check_bech32m(std::string_view text) {
    const fuzz::AllocGuard guard(text.size());
    const auto decoded = bech32m::decode(text);
    if (!decoded) {
        POLIS_ASSERT(bech32m::to_string(decoded.error()) != "unknown bech32m error");
        return;
    }
    POLIS_ASSERT(bech32m::encode(decoded->prefix, decoded->words) == lower(text));
    const auto bytes = bech32m::bytes_of(decoded->words);
    if (bytes) {
        POLIS_ASSERT(bech32m::words_of(*bytes) == decoded->words);
    }
}

/// Words that no checksum protects: what regroups to bytes regroups back.
void check_words(ByteView input) {
    const fuzz::AllocGuard guard(input.size());
    bech32m::Words words;
    for (const std::uint8_t byte : input) {
        words.push_back(byte & 31);
    }
    const auto bytes = bech32m::bytes_of(words);
    POLIS_ASSERT(!bytes || bech32m::words_of(*bytes) == words);
    const auto again = bech32m::bytes_of(bech32m::words_of(input));
    POLIS_ASSERT(again && equal(*again, input));
}

void check_address(std::string_view text) {
    const fuzz::AllocGuard guard(text.size());
    const auto address = parse_address(text);
    if (address) {
        POLIS_ASSERT(to_text(*address) == lower(text));
    } else {
        POLIS_ASSERT(to_string(address.error()) != "unknown address error");
    }
}

/// The first bytes as an address, the others as at most four changes of its text.
void check_typing_errors(ByteView input) {
    constexpr std::size_t kPrefixBytes = 6;
    if (input.size() < Address::kSize + 2) {
        return;
    }
    const Address address = Address::from_view(input.first(Address::kSize));
    const std::string text = to_text(address);
    POLIS_ASSERT(parse_address(text) == address);
    std::string typed = text;
    const ByteView edits = input.subspan(Address::kSize);
    for (std::size_t i = 0; i + 1 < edits.size() && i < 8; i += 2) {
        const std::size_t at = kPrefixBytes + edits[i] % (text.size() - kPrefixBytes);
        typed[at] = static_cast<char>(edits[i + 1]);
    }
    const auto parsed = parse_address(typed);
    POLIS_ASSERT(!parsed || typed == text);
}

}  // namespace
}  // namespace polis::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const polis::ByteView input(data, size);
    polis::crypto::check_bech32m(polis::as_text(input));
    polis::crypto::check_address(polis::as_text(input));
    polis::crypto::check_words(input);
    polis::crypto::check_typing_errors(input);
    return 0;
}
