// Hexadecimal typed by people: what parses prints as the same digits in lower case.
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/hex.hpp>
#include <core/types.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis {
namespace {

bool is_digit(char digit) {
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') ||
           (digit >= 'A' && digit <= 'F');
}

void run(ByteView input) {
    const fuzz::AllocGuard guard(input.size());
    std::string digits(as_text(input));
    const auto bytes = from_hex(digits);
    if (digits.starts_with("0x")) {
        digits.erase(0, 2);
    }
    bool expected = digits.size() % 2 == 0;
    for (char& digit : digits) {
        expected = expected && is_digit(digit);
        if (digit >= 'A' && digit <= 'F') {
            digit = static_cast<char>(digit - 'A' + 'a');
        }
    }
    POLIS_ASSERT(bytes.has_value() == expected);
    POLIS_ASSERT(!bytes || to_hex(*bytes) == digits);
    POLIS_ASSERT(from_hex(to_hex_prefixed(input)) == to_bytes(input));
    const auto hash = fixed_from_hex<Hash>(as_text(input));
    POLIS_ASSERT(hash.has_value() == (bytes && bytes->size() == Hash::kSize));
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run({data, size});
    return 0;
}
