// Decimal texts are exact: every place counts, nothing is rounded, every other spelling is refused.
#include <genesis/decimal.hpp>

#include <string>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis::genesis {
namespace {

TEST(Decimal, reads_every_place) {
    EXPECT_EQ(parse_decimal("0", 9), 0U);
    EXPECT_EQ(parse_decimal("0.0", 9), 0U);
    EXPECT_EQ(parse_decimal("1000.5", 9), 1'000'500'000'000U);
    EXPECT_EQ(parse_decimal("0.000000001", 9), 1U);
    EXPECT_EQ(parse_decimal("1.50", 2), 150U);
    EXPECT_EQ(parse_decimal("7", 0), 7U);
    EXPECT_EQ(parse_decimal("18446744073.709551615", 9), UINT64_MAX);
}

TEST(Decimal, refuses_what_is_not_exact) {
    for (const char* text :
         {"",
          ".",
          ".5",
          "5.",
          "1.2.3",
          "-1",
          "+1",
          " 1",
          "1 ",
          "1e3",
          "01",
          "00",
          "0x10",
          "1,5",
          "1_000",
          "\u0661"}) {
        EXPECT_EQ(parse_decimal(text, 9).error(), DecimalError::kNotDecimal) << text;
    }
    EXPECT_EQ(parse_decimal("0.0000000001", 9).error(), DecimalError::kTooManyPlaces);
    EXPECT_EQ(parse_decimal("1.234", 2).error(), DecimalError::kTooManyPlaces);
    EXPECT_EQ(parse_decimal("1.0", 0).error(), DecimalError::kTooManyPlaces);
    EXPECT_EQ(parse_decimal("18446744073.709551616", 9).error(), DecimalError::kTooLarge);
    EXPECT_EQ(parse_decimal("18446744074", 9).error(), DecimalError::kTooLarge);
    EXPECT_EQ(parse_decimal("99999999999999999999", 9).error(), DecimalError::kTooLarge);
}

TEST(Decimal, reads_back_what_it_writes) {
    EXPECT_EQ(to_text(Amount{1'000'500'000'000}), "1000.5");
    EXPECT_EQ(to_text(Amount{}), "0");
    EXPECT_EQ(to_text(Amount{1}), "0.000000001");
    EXPECT_EQ(to_decimal_text(10'000, 2), "100");
    Random random(7);
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t value = random.next() >> random.below(64);
        for (const int places : {0, 2, 9}) {
            EXPECT_EQ(parse_decimal(to_decimal_text(value, places), places), value);
        }
    }
}

}  // namespace
}  // namespace polis::genesis
