// The authenticated map: its root is that of the naive reference for every history, whatever is in
// memory, and damaged records are never served.
#include <gtest/gtest.h>

#include <tests/ledger/state/fixture.hpp>

namespace polis::ledger::test {
namespace {

constexpr StateTree::Options kNoCache{.cache_bytes_max = 0};

/// Inserts, updates and removals of up to `size` keys, a few or many in a batch.
Batch random_batch(Random& random, std::uint64_t size, std::uint64_t changes, bool shrinking) {
    Batch batch;
    for (std::uint64_t i = 0; i < changes; ++i) {
        const StateKey key = key_of(random.below(size));
        if (random.chance(shrinking ? 4 : 1, 5)) {
            batch.remove(key);
        } else {
            batch.put(key, random_value(random));
        }
    }
    return batch;
}

void expect_all(TreeAndMap& both, std::uint64_t size) {
    for (std::uint64_t number = 0; number < size; ++number) {
        const auto found = both.source.records.find(key_of(number).path());
        const auto value = both.tree.get(key_of(number));
        ASSERT_TRUE(value.has_value());
        EXPECT_EQ(
            *value,
            found != both.source.records.end() ? std::optional{found->second.value} : std::nullopt);
    }
    EXPECT_EQ(both.tree.record_count(), both.source.records.size());
}

TEST(Tree, empty_and_single) {
    TreeAndMap both;
    EXPECT_TRUE(both.tree.root().is_zero());
    EXPECT_EQ(*both.tree.get(key_of(1)), std::nullopt);
    both.put(1, {5});
    EXPECT_EQ(both.tree.root(), state::leaf_hash(key_of(1).path(), Bytes{5}));
    EXPECT_EQ(both.tree.record_count(), 1U);
    both.remove(1);
    EXPECT_TRUE(both.tree.root().is_zero());
    both.remove(1);  // what is not there
    EXPECT_TRUE(both.tree.root().is_zero());
    EXPECT_EQ(both.tree.record_count(), 0U);
    EXPECT_EQ(*both.tree.apply({}), Hash{});
}

TEST(Tree, root_pinned) {
    TreeAndMap both;
    for (std::uint64_t number = 0; number < 100; ++number) {
        both.put(number, Bytes(number, static_cast<std::uint8_t>(number)));
    }
    EXPECT_EQ(
        to_hex(both.tree.root().view()),
        "a0e7c48d764b0d88bfe26830ced7cce15d1a87b20a7e6ee513ba3453874be85b");
}

class TreeSizes : public testing::TestWithParam<std::uint64_t> {};

TEST_P(TreeSizes, root_equals_the_reference) {
    const std::uint64_t size = GetParam();
    Random random(size, "tree");
    TreeAndMap both;
    for (int round = 0; round < 30; ++round) {
        const std::uint64_t changes = random.chance(1, 3) ? size : random.between(1, 5);
        const auto root = both.apply(random_batch(random, size, changes, round >= 20));
        ASSERT_TRUE(root.has_value());
        ASSERT_EQ(*root, reference_root(both.source.records)) << "round " << round;
        ASSERT_EQ(*root, both.tree.root());
    }
    expect_all(both, size + 3);
}

TEST_P(TreeSizes, without_a_cache_too) {
    const std::uint64_t size = GetParam();
    Random random(size, "no cache");
    TreeAndMap both(kNoCache);
    TreeAndMap roomy;
    for (int round = 0; round < 15; ++round) {
        const auto batch = random_batch(random, size, random.between(1, size), round >= 10);
        const auto root = both.apply(batch);
        ASSERT_TRUE(root.has_value());
        both.tree.trim();
        ASSERT_EQ(*root, *roomy.apply(batch));
        for (int i = 0; i < 20; ++i) {
            const StateKey key = key_of(random.below(size));
            ASSERT_EQ(*both.tree.get(key), *roomy.tree.get(key));
            both.tree.trim();
            ASSERT_EQ(*both.tree.prove(key), *roomy.tree.prove(key));
            both.tree.trim();
        }
    }
    EXPECT_GT(both.source.loads, 0U);
    EXPECT_EQ(roomy.source.loads, 0U);
    EXPECT_LE(both.tree.memory_bytes(), roomy.tree.memory_bytes());
    expect_all(both, size);
}

TEST_P(TreeSizes, order_of_history_does_not_matter) {
    const std::uint64_t size = GetParam();
    Random random(size, "order");
    TreeAndMap straight;
    Batch all;
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = 0; number < size; ++number) {
        all.put(key_of(number), big_endian_bytes(number));
        numbers.push_back(number);
    }
    const Hash root = *straight.apply(all);
    // One by one in a random order, through wrong values and keys that do not stay.
    TreeAndMap winding;
    random.shuffle(numbers);
    for (const std::uint64_t number : numbers) {
        Batch batch;
        batch.put(key_of(number), big_endian_bytes(number + (number % 3 == 0 ? 1 : 0)));
        batch.put(key_of(size + number), {1});
        ASSERT_TRUE(winding.apply(batch).has_value());
    }
    Batch correction;
    for (const std::uint64_t number : numbers) {
        correction.put(key_of(number), big_endian_bytes(number));
        correction.remove(key_of(size + number));
    }
    EXPECT_EQ(*winding.apply(correction), root);
    EXPECT_EQ(winding.tree.record_count(), size);
}

TEST_P(TreeSizes, append_rebuilds_the_same_tree) {
    const std::uint64_t size = GetParam();
    Random random(size, "append");
    TreeAndMap original;
    ASSERT_TRUE(original.apply(random_batch(random, size, size, false)).has_value());
    StateTree rebuilt(original.source, kNoCache);
    std::vector<state::Leaf> stretch;
    for (const auto& [path, record] : original.source.records) {
        stretch.push_back({.path = path, .hash = {}, .value = record.value});
        if (random.chance(1, 50)) {
            ASSERT_TRUE(rebuilt.append(stretch).has_value());
            stretch.clear();
            rebuilt.trim();
        }
    }
    ASSERT_TRUE(rebuilt.append(stretch).has_value());
    EXPECT_EQ(rebuilt.root(), original.tree.root());
    EXPECT_EQ(rebuilt.record_count(), original.tree.record_count());
}

INSTANTIATE_TEST_SUITE_P(Random, TreeSizes, testing::Values(1, 2, 3, 6, 7, 8, 30, 200, 3'000));

TEST(Tree, deep_chains) {
    const auto keys = keys_with_common_bits(16, 9);
    TreeAndMap both(kNoCache);
    Random random(5);
    for (int round = 0; round < 200; ++round) {
        Batch batch;
        const StateKey& key = keys[random.below(keys.size())];
        random.chance(1, 2) ? batch.put(key, random_value(random)) : batch.remove(key);
        if (random.chance(1, 10)) {
            batch.put(key_of(1'000'000 + random.below(5)), {1});
        }
        const auto root = both.apply(batch);
        ASSERT_TRUE(root.has_value());
        ASSERT_EQ(*root, reference_root(both.source.records)) << "round " << round;
        both.tree.trim();
    }
}

TEST(Tree, memory_stays_within_the_budget) {
    constexpr std::size_t kBudget = 20'000;
    TreeAndMap both({.cache_bytes_max = kBudget});
    TreeAndMap empty_cache(kNoCache);
    Random random(9);
    for (std::uint64_t round = 0; round < 30; ++round) {
        const Batch batch = random_batch(random, 2'000, 200, false);
        ASSERT_EQ(*both.apply(batch), *empty_cache.apply(batch));
        both.tree.trim();
        empty_cache.tree.trim();
        EXPECT_LE(both.tree.memory_bytes(), empty_cache.tree.memory_bytes() + kBudget);
    }
    expect_all(both, 2'000);
}

/// 200 records of which none is in memory.
struct Cold : TreeAndMap {
    Cold() : TreeAndMap(kNoCache) {
        for (std::uint64_t number = 0; number < 200; ++number) {
            put(number, big_endian_bytes(number));
        }
        tree.trim();
    }
};

using Tamper = std::vector<state::Leaf> (*)(std::vector<state::Leaf>);
using Leaves = std::vector<state::Leaf>;

Leaves flip_value(Leaves leaves) {
    Bytes value = to_bytes(leaves.front().value);
    value.front() ^= 1;
    leaves.front().value = value;
    return leaves;
}

Leaves flip_path(Leaves leaves) {
    leaves.back().path.data[31] ^= 1;
    return leaves;
}

Leaves lose_one(Leaves leaves) {
    leaves.pop_back();
    return leaves;
}

Leaves lose_all(Leaves) { return {}; }

Leaves add_one(Leaves leaves) {
    leaves.push_back(leaves.back());
    leaves.back().path.data[31] = 0xff;
    leaves.back().path.data[30] = 0xff;
    return leaves;
}

Leaves repeat_one(Leaves leaves) {
    leaves.push_back(leaves.back());
    return leaves;
}

Leaves reverse_all(Leaves leaves) {
    std::ranges::reverse(leaves);
    return leaves;
}

Leaves stray_one(Leaves leaves) {
    leaves.insert(leaves.begin(), leaves.front());
    leaves.front().path = {};
    return leaves;
}

class Damage : public testing::TestWithParam<Tamper> {};

TEST_P(Damage, is_named_and_never_served) {
    Cold cold;
    cold.source.tamper = GetParam();
    const Hash root = cold.tree.root();
    std::uint64_t refused = 0;
    for (std::uint64_t number = 0; number < 200; ++number) {
        const auto value = cold.tree.get(key_of(number));
        const auto proof = cold.tree.prove(key_of(number));
        if (!value) {
            EXPECT_EQ(value.error().code, StoreErrc::kCorrupt);
            EXPECT_EQ(proof.error().code, StoreErrc::kCorrupt);
            ++refused;
        } else {
            EXPECT_EQ(*value, big_endian_bytes(number)) << "a damaged record was served";
        }
    }
    EXPECT_GT(refused, 100U);
    cold.source.tamper = nullptr;
    for (std::uint64_t number = 0; number < 200; ++number) {
        EXPECT_EQ(*cold.tree.get(key_of(number)), big_endian_bytes(number));
    }
    EXPECT_EQ(cold.tree.root(), root);
}

TEST_P(Damage, halts_updates) {
    Cold cold;
    cold.source.tamper = GetParam();
    Batch batch;
    for (std::uint64_t number = 0; number < 200; ++number) {
        batch.put(key_of(number), {9});
    }
    EXPECT_EQ(cold.tree.apply(batch.changes()).error().code, StoreErrc::kCorrupt);
    cold.source.tamper = nullptr;
    EXPECT_EQ(cold.tree.apply(batch.changes()).error().code, StoreErrc::kHalted);
    EXPECT_EQ(cold.tree.apply({}).error().code, StoreErrc::kHalted);
    EXPECT_EQ(cold.tree.append({}).error().code, StoreErrc::kHalted);
}

INSTANTIATE_TEST_SUITE_P(
    Source,
    Damage,
    testing::Values(
        flip_value, flip_path, lose_one, lose_all, add_one, repeat_one, reverse_all, stray_one));

TEST(Tree, errors_of_the_source_propagate) {
    Cold cold;
    cold.source.failure = StoreErrc::kIo;
    EXPECT_EQ(cold.tree.get(key_of(1)).error().code, StoreErrc::kIo);
    EXPECT_EQ(cold.tree.prove(key_of(1)).error().code, StoreErrc::kIo);
    cold.source.failure.reset();
    EXPECT_EQ(*cold.tree.get(key_of(1)), big_endian_bytes(1)) << "reading may be tried again";
    cold.tree.trim();
    cold.source.failure = StoreErrc::kNoSpace;
    Batch batch;
    batch.put(key_of(1), {1});
    EXPECT_EQ(cold.tree.apply(batch.changes()).error().code, StoreErrc::kNoSpace);
    cold.source.failure.reset();
    EXPECT_EQ(cold.tree.apply(batch.changes()).error().code, StoreErrc::kHalted);
}

TEST(Tree, unsorted_changes_are_a_programmers_error) {
    TreeAndMap both;
    StateChanges changes = {{key_of(1), Bytes{1}}, {key_of(1), Bytes{2}}};
    EXPECT_DEATH((void)both.tree.apply(changes), "path");
}

}  // namespace
}  // namespace polis::ledger::test
