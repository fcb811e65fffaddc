// Typing errors find their word; other words find nothing.
#include <genesis/suggest.hpp>

#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace polis::genesis {
namespace {

constexpr std::array<std::string_view, 4> kWords{"chain_id", "time", "stake_min", "stake_max"};

TEST(Suggest, finds_the_nearest_word) {
    EXPECT_EQ(suggest("chainid", kWords), "chain_id");
    EXPECT_EQ(suggest("chain-id", kWords), "chain_id");
    EXPECT_EQ(suggest("tmie", kWords), "time");
    EXPECT_EQ(suggest("stake_mix", kWords), "stake_min");  // as near as stake_max, but earlier
    EXPECT_EQ(suggest("stake_maxx", kWords), "stake_max");
}

TEST(Suggest, finds_nothing_for_another_word) {
    EXPECT_EQ(suggest("banana", kWords), std::nullopt);
    EXPECT_EQ(suggest("", kWords), std::nullopt);
    EXPECT_EQ(suggest(std::string(1'000'000, 't'), kWords), std::nullopt);
}

}  // namespace
}  // namespace polis::genesis
