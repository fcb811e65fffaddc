// Byte helpers, fixed-size byte types and quantities with a unit.
#include <core/bytes.hpp>

#include <limits>

#include <gtest/gtest.h>

#include <core/types.hpp>

namespace polis {
namespace {

constexpr std::uint64_t kTop = std::numeric_limits<std::uint64_t>::max();

TEST(Bytes, big_endian_order_is_number_order) {
    const auto encoded = big_endian(std::uint32_t{0x01020304});
    EXPECT_EQ(encoded, (std::array<std::uint8_t, 4>{1, 2, 3, 4}));
    EXPECT_EQ(from_big_endian<std::uint32_t>(encoded), 0x01020304U);
    const std::array<std::uint64_t, 5> ascending{0, 1, 255, 256, kTop};
    for (std::size_t i = 1; i < ascending.size(); ++i) {
        EXPECT_TRUE(less(big_endian(ascending[i - 1]), big_endian(ascending[i])));
        EXPECT_EQ(from_big_endian<std::uint64_t>(big_endian(ascending[i])), ascending[i]);
    }
}

TEST(Bytes, views_compare_by_content) {
    const Bytes left = to_bytes(as_bytes("abc"));
    EXPECT_TRUE(equal(left, as_bytes("abc")));
    EXPECT_FALSE(equal(left, as_bytes("ab")));
    EXPECT_TRUE(less(as_bytes("ab"), left));
    EXPECT_FALSE(less(left, left));
    Bytes joined = left;
    append(joined, as_bytes("de"));
    EXPECT_EQ(as_text(joined), "abcde");
}

TEST(FixedBytes, orders_like_a_number) {
    Hash small;
    Hash large;
    small.data[31] = 0xff;
    large.data[0] = 1;
    EXPECT_TRUE(small < large);
    EXPECT_TRUE(Hash{}.is_zero());
    EXPECT_FALSE(small.is_zero());
    EXPECT_EQ(Hash::from_view(large.view()), large);
}

TEST(FixedBytesDeathTest, takes_exactly_its_size) {
    const Bytes bytes(31);
    EXPECT_DEATH((void)Hash::from_view(bytes), "view.size\\(\\) = 31");
}

TEST(Quantity, sums_that_overflow_are_nothing) {
    EXPECT_EQ(checked_add(Amount{1}, Amount{2}), Amount{3});
    EXPECT_FALSE(checked_add(Amount{kTop}, Amount{1}).has_value());
    EXPECT_EQ(checked_sub(Height{2}, Height{2}), Height{0});
    EXPECT_FALSE(checked_sub(Height{1}, Height{2}).has_value());
    EXPECT_EQ(fee_of(Gas{7}, GasPrice{6}), Amount{42});
    EXPECT_FALSE(fee_of(Gas{kTop}, GasPrice{2}).has_value());
}

}  // namespace
}  // namespace polis
