// Hexadecimal: both ways, both cases, and every kind of text that is none.
#include <core/hex.hpp>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <core/types.hpp>

namespace polis {
namespace {

TEST(Hex, prints_lower_case) {
    const Bytes bytes{0x00, 0x9a, 0xff};
    EXPECT_EQ(to_hex(bytes), "009aff");
    EXPECT_EQ(to_hex_prefixed(bytes), "0x009aff");
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(to_hex_prefixed({}), "0x");
}

TEST(Hex, reads_either_case_with_or_without_prefix) {
    const Bytes bytes{0xab, 0xcd};
    EXPECT_EQ(from_hex("abcd"), bytes);
    EXPECT_EQ(from_hex("ABcD"), bytes);
    EXPECT_EQ(from_hex("0xabcd"), bytes);
    EXPECT_EQ(from_hex(""), Bytes{});
    EXPECT_EQ(from_hex("0x"), Bytes{});
}

TEST(Hex, rejects_other_text) {
    for (const char* text : {"a", "0xa", "0g", "g0", " 00", "00 ", "0x0x", "0X00", "-1", "0x "}) {
        EXPECT_FALSE(from_hex(text).has_value()) << text;
    }
}

TEST(Hex, every_byte_comes_back) {
    Random random(1);
    for (std::size_t size = 0; size < 300; ++size) {
        Bytes bytes(size);
        random.fill(bytes);
        EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
        EXPECT_EQ(from_hex(to_hex_prefixed(bytes)), bytes);
    }
}

TEST(Hex, fixed_size_is_exact) {
    const std::string text(40, '7');
    ASSERT_TRUE(fixed_from_hex<Address>(text).has_value());
    EXPECT_EQ(to_hex(fixed_from_hex<Address>(text)->view()), text);
    EXPECT_FALSE(fixed_from_hex<Address>(text + "00").has_value());
    EXPECT_FALSE(fixed_from_hex<Address>(text.substr(2)).has_value());
    EXPECT_FALSE(fixed_from_hex<Address>(std::string(40, 'x')).has_value());
}

}  // namespace
}  // namespace polis
