// Assertions: silent when they hold, evaluated once, and fatal with both values when they fail.
#include <core/check.hpp>

#include <gtest/gtest.h>

#include <core/result.hpp>

namespace polis {
namespace {

TEST(Check, evaluates_each_side_once) {
    int calls = 0;
    const auto next = [&calls] { return static_cast<unsigned>(++calls); };
    POLIS_ASSERT(next() == 1);
    POLIS_ASSERT_OP(next(), ==, 2);
    EXPECT_EQ(calls, 2);
}

TEST(CheckDeathTest, failure_names_the_condition_and_its_values) {
    const unsigned count = 7;
    EXPECT_DEATH(POLIS_ASSERT(count == 8), "check_test.cpp:[0-9]+: assertion failed: count == 8");
    EXPECT_DEATH(POLIS_ASSERT_OP(count, <, 5), "count < 5");
    EXPECT_DEATH(POLIS_ASSERT_OP(count, <, 5), "count = 7");
}

Result<int, char> half(int value) {
    if (value % 2 != 0) {
        return std::unexpected('o');
    }
    return value / 2;
}

Result<int, char> quarter(int value) {
    POLIS_TRY(const int once, half(value));
    POLIS_TRY(const int twice, half(once));
    return twice;
}

Result<void, char> needs_even(int value) {
    const Result<void, char> checked =
        value % 2 == 0 ? Result<void, char>{} : Result<void, char>{std::unexpected('o')};
    POLIS_TRY_VOID(checked);
    return {};
}

TEST(Result, try_returns_the_first_error) {
    EXPECT_EQ(quarter(12), 3);
    EXPECT_EQ(quarter(6).error(), 'o');
    EXPECT_TRUE(needs_even(2).has_value());
    EXPECT_EQ(needs_even(3).error(), 'o');
}

}  // namespace
}  // namespace polis
