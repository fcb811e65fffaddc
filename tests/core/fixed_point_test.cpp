// Q32.32 numbers: exact rounding towards minus infinity, overflow becomes nothing.
#include <core/fixed_point.hpp>

#include <limits>

#include <gtest/gtest.h>

namespace polis {
namespace {

constexpr std::int64_t kOne = std::int64_t{1} << 32;

TEST(Fixed, ratio_rounds_down) {
    EXPECT_EQ(Fixed::from_ratio(1, 3)->raw, kOne / 3);
    EXPECT_EQ(Fixed::from_ratio(-1, 3)->raw, -kOne / 3 - 1);
    EXPECT_EQ(Fixed::from_ratio(1, -2)->raw, -kOne / 2);
    EXPECT_FALSE(Fixed::from_ratio(1, 0).has_value());
    EXPECT_FALSE(Fixed::from_ratio(std::numeric_limits<std::int64_t>::max(), 1).has_value());
    EXPECT_FALSE(Fixed::from_ratio(std::numeric_limits<std::int64_t>::min(), -1).has_value());
}

TEST(Fixed, multiplication_and_division) {
    const Fixed half = *Fixed::from_ratio(1, 2);
    EXPECT_EQ(checked_mul(half, half)->raw, kOne / 4);
    EXPECT_EQ(checked_mul(Fixed{-1}, half)->raw, -1);  // -2^-33 rounds down to -2^-32
    EXPECT_EQ(checked_div(Fixed::from_int(1), Fixed::from_int(3))->raw, kOne / 3);
    EXPECT_FALSE(checked_div(half, Fixed{}).has_value());
    EXPECT_FALSE(checked_mul(Fixed::from_int(1 << 30), Fixed::from_int(4)).has_value());
}

TEST(Fixed, sums_that_overflow_are_nothing) {
    const Fixed top = Fixed::from_raw(std::numeric_limits<std::int64_t>::max());
    EXPECT_FALSE(checked_add(top, Fixed{1}).has_value());
    EXPECT_FALSE(checked_sub(Fixed{-2}, top).has_value());
    EXPECT_EQ(checked_sub(Fixed{-1}, top)->raw, std::numeric_limits<std::int64_t>::min());
}

TEST(Fixed, prints_decimals) {
    EXPECT_EQ(to_decimal(*Fixed::from_ratio(-5, 2), 3), "-2.500");
    EXPECT_EQ(
        to_decimal(Fixed::from_raw(std::numeric_limits<std::int64_t>::min()), 0), "-2147483648");
}

}  // namespace
}  // namespace polis
