#include <algorithm>
#include <bit>

#include <core/check.hpp>
#include <ml/exact/scoring.hpp>

namespace polis::exact {

namespace {

constexpr std::uint64_t kLog2OfEQ16 = 94'548;  // floor(2^16 * log2(e))
constexpr std::uint64_t kLn2Q16 = 45'426;      // floor(2^16 * ln(2))
constexpr int kTableBits = 30;
constexpr std::uint64_t kUnit = std::uint64_t{1} << kTableBits;

/// 2^-x in Q30, x in Q16: whole part by a shift, fraction by the table.
std::uint64_t exp2_negative(std::uint64_t x) {
    const std::uint64_t whole = x >> 16;
    if (whole > kTableBits) {
        return 0;
    }
    const std::size_t index = (x >> 8) & 0xff;
    const std::uint64_t rest = x & 0xff;
    const std::uint64_t left = exp2_table()[index];
    const std::uint64_t right = exp2_table()[index + 1];
    // The table falls. floor(a + (b - a) * rest / 256), in one unsigned sum.
    return ((left * (256 - rest) + right * rest) >> 8) >> whole;
}

/// floor(log2(x)) in Q16, x in Q30 and at least 1: one bit of the fraction a squaring.
std::uint64_t log2_q16(std::uint64_t x) {
    const int whole = static_cast<int>(std::bit_width(x)) - 1 - kTableBits;
    std::uint64_t mantissa = x >> whole;  // in [1, 2), Q30
    std::uint64_t out = static_cast<std::uint64_t>(whole);
    for (int bit = 0; bit < 16; ++bit) {
        mantissa = (mantissa * mantissa) >> kTableBits;
        const bool two = mantissa >= 2 * kUnit;
        out = 2 * out + (two ? 1 : 0);
        mantissa >>= two ? 1 : 0;
    }
    return out;
}

}  // namespace

std::uint64_t cross_entropy_q16(std::span<const std::int32_t> logits, std::uint32_t label) {
    POLIS_ASSERT_OP(label, <, logits.size());
    const std::int64_t largest = std::ranges::max(logits);
    const auto below = [&](std::int32_t logit) {
        return static_cast<std::uint64_t>(largest - logit);
    };
    std::uint64_t sum = 0;  // at least 1, because the largest logit adds 1
    for (const std::int32_t logit : logits) {
        sum += exp2_negative((below(logit) * kLog2OfEQ16) >> 16);
    }
    return ((log2_q16(sum) * kLn2Q16) >> 16) + below(logits[label]);
}

}  // namespace polis::exact
