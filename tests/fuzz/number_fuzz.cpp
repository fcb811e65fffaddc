// Decimal numbers of 64 and 128 bits, against a schoolbook reference that compares digits as text:
// what parses prints as the same text, and what is refused is no number, too large, or written
// oddly.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/integer.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis {
namespace {

constexpr std::string_view kMax64 = "18446744073709551615";
constexpr std::string_view kMax128 = "340282366920938463463374607431768211455";

bool is_number_up_to(std::string_view text, std::string_view max) {
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (text.empty() || !digits || (text.size() > 1 && text.front() == '0')) {
        return false;
    }
    return text.size() < max.size() || (text.size() == max.size() && text <= max);
}

void run(std::string_view text) {
    const fuzz::AllocGuard guard(text.size());
    const auto wide = parse_u128(text);
    const auto narrow_value = parse_u64(text);
    POLIS_ASSERT(wide.has_value() == is_number_up_to(text, kMax128));
    POLIS_ASSERT(narrow_value.has_value() == is_number_up_to(text, kMax64));
    POLIS_ASSERT(!wide || to_decimal(*wide) == text);
    POLIS_ASSERT(!narrow_value || *narrow_value == *wide);
}

}  // namespace
}  // namespace polis

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::run(polis::as_text({data, size}));
    return 0;
}
