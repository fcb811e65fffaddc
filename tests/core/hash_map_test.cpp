// The table beside an ordered map.
#include <core/hash_map.hpp>

#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis {
namespace {

/// Few different hashes, some of which begin alike, so that many of them share a place.
Hash some_hash(Random& random, std::uint64_t count) {
    Hash out;
    const std::uint64_t number = random.below(count);
    out.data[0] = static_cast<std::uint8_t>(number % 3);
    out.data[8] = static_cast<std::uint8_t>(number);
    out.data[9] = static_cast<std::uint8_t>(number >> 8);
    return out;
}

TEST(HashMap, is_empty_at_first) {
    HashMap<int> map;
    EXPECT_TRUE(map.empty());
    EXPECT_FALSE(map.contains(Hash{}));
    EXPECT_EQ(map.find(Hash{}), nullptr);
    EXPECT_FALSE(map.erase(Hash{}));
}

TEST(HashMap, agrees_with_an_ordered_map_whatever_is_done) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        Random random(seed, "table");
        const std::uint64_t keys = random.between(1, 600);
        HashMap<std::uint64_t> table;
        std::map<Hash, std::uint64_t> model;
        for (int step = 0; step < 3'000; ++step) {
            const Hash key = some_hash(random, keys);
            switch (random.below(3)) {
                case 0: {
                    const std::uint64_t value = random.next();
                    EXPECT_EQ(table.insert(key, value), model.emplace(key, value).second);
                    break;
                }
                case 1:
                    EXPECT_EQ(table.erase(key), model.erase(key) == 1);
                    break;
                default: {
                    const auto found = model.find(key);
                    const std::uint64_t* const got = table.find(key);
                    ASSERT_EQ(got != nullptr, found != model.end());
                    EXPECT_TRUE(got == nullptr || *got == found->second);
                }
            }
            ASSERT_EQ(table.size(), model.size());
        }
        for (const auto& [key, value] : model) {
            ASSERT_TRUE(table.contains(key));
            EXPECT_EQ(*table.find(key), value);
        }
    }
}

TEST(HashMap, can_be_used_again_after_it_was_cleared) {
    HashMap<int> map;
    Random random(1, "clear");
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 100; ++i) {
            map.insert(some_hash(random, 1'000), i);
        }
        map.clear();
        EXPECT_TRUE(map.empty());
        EXPECT_FALSE(map.contains(some_hash(random, 1'000)));
    }
}

TEST(HashSet, knows_what_was_put_in) {
    HashSet set;
    Hash one;
    one.data[5] = 1;
    EXPECT_TRUE(set.insert(one));
    EXPECT_FALSE(set.insert(one));
    EXPECT_TRUE(set.contains(one));
    EXPECT_TRUE(set.erase(one));
    EXPECT_FALSE(set.contains(one));
    EXPECT_EQ(set.size(), 0U);
}

}  // namespace
}  // namespace polis
