// UTF-8: every code point that may be encoded is accepted, and every malformed class of RFC 3629 is
// refused. The two-, three- and four-byte spaces are checked against a decoder written the other
// way round: decode leniently, encode canonically, compare.
#include <core/codec/utf8.hpp>

#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

namespace polis::codec {
namespace {

Bytes encoded(std::uint32_t point) {
    const auto tail = [point](int shift) {
        return static_cast<std::uint8_t>(0x80 | ((point >> shift) & 0x3f));
    };
    if (point < 0x80) {
        return {static_cast<std::uint8_t>(point)};
    }
    if (point < 0x800) {
        return {static_cast<std::uint8_t>(0xc0 | (point >> 6)), tail(0)};
    }
    if (point < 0x10000) {
        return {static_cast<std::uint8_t>(0xe0 | (point >> 12)), tail(6), tail(0)};
    }
    return {static_cast<std::uint8_t>(0xf0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

bool is_scalar_value(std::uint32_t point) {
    return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

TEST(Utf8, accepts_exactly_the_scalar_values) {
    for (std::uint32_t point = 0; point < 0x1fffff; ++point) {
        ASSERT_EQ(is_utf8(encoded(point)), is_scalar_value(point)) << point;
    }
}

TEST(Utf8, two_and_three_bytes_agree_with_canonical_encoding) {
    for (std::uint32_t raw = 0; raw < 0x10000; ++raw) {
        const Bytes two{static_cast<std::uint8_t>(raw >> 8), static_cast<std::uint8_t>(raw)};
        const bool ascii = two[0] < 0x80 && two[1] < 0x80;
        const std::uint32_t point = ((two[0] & 0x1fU) << 6) | (two[1] & 0x3fU);
        ASSERT_EQ(is_utf8(two), ascii || encoded(point) == two) << raw;
        const Bytes three{0xe0, two[0], two[1]};
        const std::uint32_t wide = ((two[0] & 0x3fU) << 6) | (two[1] & 0x3fU);
        ASSERT_EQ(is_utf8(three), encoded(wide) == three) << raw;
    }
}

TEST(Utf8, rejects_each_malformed_class) {
    using std::string_view_literals::operator""sv;
    for (const std::string_view text : {
             "\x80"sv,              // continuation without a lead
             "\xc3"sv,              // truncated
             "\xe2\x82"sv,          // truncated
             "\xf0\x9f\x91"sv,      // truncated
             "\xc3\x28"sv,          // second byte is no continuation
             "\xc0\x80"sv,          // overlong zero
             "\xc1\xbf"sv,          // overlong
             "\xe0\x9f\xbf"sv,      // overlong
             "\xf0\x8f\xbf\xbf"sv,  // overlong
             "\xed\xa0\x80"sv,      // surrogate
             "\xf4\x90\x80\x80"sv,  // above U+10FFFF
             "\xf5\x80\x80\x80"sv,  // above U+10FFFF
             "\xff"sv,              // never used
             "ok\xc3"sv,            // truncated at the end of a text
         }) {
        EXPECT_FALSE(is_utf8(as_bytes(text)));
    }
    EXPECT_TRUE(is_utf8({}));
    EXPECT_TRUE(
        is_utf8(as_bytes("Polis \xcf\x80\xcf\x8c\xce\xbb\xce\xb9\xcf\x82 \xf0\x9f\x91\x8d")));
    EXPECT_TRUE(is_utf8(as_bytes("zero\0inside"sv)));
}

}  // namespace
}  // namespace polis::codec
