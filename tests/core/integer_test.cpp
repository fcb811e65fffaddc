// Checked integers: results at the edges of each type, and rounding through 128 bits, compared with
// exact 128-bit arithmetic on random values.
#include <core/integer.hpp>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis {
namespace {

constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();

TEST(Integer, checked_operations_stop_at_the_edges) {
    EXPECT_EQ(checked_add(kTop - 1, std::uint64_t{1}), kTop);
    EXPECT_FALSE(checked_add(kTop, std::uint64_t{1}).has_value());
    EXPECT_EQ(checked_sub(std::uint64_t{1}, std::uint64_t{1}), std::uint64_t{0});
    EXPECT_FALSE(checked_sub(std::uint64_t{0}, std::uint64_t{1}).has_value());
    EXPECT_EQ(checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1), kTop - 0xffffffff);
    EXPECT_FALSE(checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32).has_value());
    EXPECT_FALSE(checked_sub(kLow, std::int64_t{1}).has_value());
    EXPECT_FALSE(checked_mul(kLow, std::int64_t{-1}).has_value());
    EXPECT_FALSE(checked_add<std::uint8_t>(200, 56).has_value());
    EXPECT_EQ(checked_add<std::uint8_t>(200, 55), std::uint8_t{255});
}

TEST(Integer, saturating_operations_stay_at_the_top) {
    EXPECT_EQ(saturating_add(kTop, std::uint64_t{5}), kTop);
    EXPECT_EQ(saturating_add(std::uint64_t{2}, std::uint64_t{5}), 7U);
    EXPECT_EQ(saturating_mul(kTop, std::uint64_t{2}), kTop);
    EXPECT_EQ(saturating_mul(kTop, std::uint64_t{0}), 0U);
}

TEST(Integer, mul_div_rounds_as_named) {
    EXPECT_EQ(mul_div_floor(7, 3, 2), 10U);
    EXPECT_EQ(mul_div_ceil(7, 3, 2), 11U);
    EXPECT_EQ(mul_div_ceil(8, 3, 2), 12U);
    EXPECT_EQ(mul_div_floor(kTop, kTop, kTop), kTop);
    EXPECT_EQ(mul_div_ceil(kTop, kTop, kTop), kTop);
    EXPECT_EQ(mul_div_ceil(0, 5, 7), 0U);
    EXPECT_FALSE(mul_div_floor(1, 1, 0).has_value());
    EXPECT_FALSE(mul_div_ceil(1, 1, 0).has_value());
    EXPECT_FALSE(mul_div_floor(kTop, 2, 1).has_value());
    EXPECT_FALSE(mul_div_ceil(kTop, kTop, kTop - 1).has_value());
}

TEST(Integer, mul_div_bounds_the_exact_quotient) {
    Random random(2);
    for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t value = random.next() >> random.below(64);
        const std::uint64_t numerator = random.next() >> random.below(64);
        const std::uint64_t denominator = (random.next() >> random.below(64)) | 1;
        const auto low = mul_div_floor(value, numerator, denominator);
        const auto high = mul_div_ceil(value, numerator, denominator);
        const u128 product = wide_mul(value, numerator);
        EXPECT_EQ(low.has_value(), product / denominator <= kTop);
        if (low && high) {
            EXPECT_TRUE(wide_mul(*low, denominator) <= product);
            EXPECT_TRUE(product - wide_mul(*low, denominator) < denominator);
            EXPECT_EQ(*high - *low, product % denominator == 0 ? 0U : 1U);
        }
    }
}

TEST(Integer, decimal_text_comes_back) {
    EXPECT_EQ(to_decimal(u128{0}), "0");
    EXPECT_EQ(to_decimal(~u128{0}), "340282366920938463463374607431768211455");
    Random random(3);
    for (int i = 0; i < 1000; ++i) {
        const u128 value = wide_mul(random.next(), random.next()) >> random.below(128);
        const auto back = parse_u128(to_decimal(value));
        ASSERT_TRUE(back.has_value());
        EXPECT_TRUE(*back == value);
    }
}

TEST(Integer, rejects_other_decimal_text) {
    for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "a"}) {
        EXPECT_FALSE(parse_u128(text).has_value()) << text;
        EXPECT_FALSE(parse_u64(text).has_value()) << text;
    }
    EXPECT_EQ(parse_u64("18446744073709551615"), kTop);
    EXPECT_FALSE(parse_u64("18446744073709551616").has_value());
    EXPECT_TRUE(parse_u128("340282366920938463463374607431768211455").has_value());
    EXPECT_FALSE(parse_u128("340282366920938463463374607431768211456").has_value());
    EXPECT_FALSE(parse_u128("3402823669209384634633746074317682114550").has_value());
}

}  // namespace
}  // namespace polis
