// The seeded generator: its first outputs are pinned (computed from the papers' definitions in
// Python), because a changed sequence would silently change every simulation seed on record.
#include <core/random.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace polis {
namespace {

TEST(Random, first_outputs_are_pinned) {
    Random random(1);
    EXPECT_EQ(random.next(), 0xb3f2af6d0fc710c5ULL);
    EXPECT_EQ(random.next(), 0x853b559647364ceaULL);
    EXPECT_EQ(random.next(), 0x92f89756082a4514ULL);
    EXPECT_EQ(random.next(), 0x642e1c7bc266a3a7ULL);
    Random stream(1, "net");
    EXPECT_EQ(stream.next(), 0xbdddc4f8d6cdd9dcULL);
    EXPECT_EQ(stream.next(), 0x75b2a0536fa3ebf8ULL);
}

TEST(Random, streams_are_apart_and_repeatable) {
    Random net(7, "net");
    Random net_again(7, "net");
    Random disk(7, "disk");
    Random other_seed(8, "net");
    const std::uint64_t first = net.next();
    EXPECT_EQ(first, net_again.next());
    EXPECT_NE(first, disk.next());
    EXPECT_NE(first, other_seed.next());
}

TEST(Random, below_is_unbiased) {
    // With a bound of 3 * 2^62 a draw without rejection maps four words to three values: by plain
    // multiplication the first residue modulo 3 gets twice its weight, by plain modulo the lowest
    // third. 30,000 draws over 3 equal parts: the deviation is 82, 500 is six of them.
    constexpr std::uint64_t kPart = std::uint64_t{1} << 62;
    Random random(4);
    std::array<int, 3> thirds{};
    std::array<int, 3> residues{};
    for (int i = 0; i < 30'000; ++i) {
        const std::uint64_t value = random.below(3 * kPart);
        ASSERT_LT(value, 3 * kPart);
        ++thirds[static_cast<std::size_t>(value / kPart)];
        ++residues[static_cast<std::size_t>(value % 3)];
    }
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(thirds[i], 10'000, 500);
        EXPECT_NEAR(residues[i], 10'000, 500);
    }
}

TEST(Random, bounds_are_kept_and_reached) {
    Random random(5);
    std::array<int, 6> hits{};
    for (int i = 0; i < 1000; ++i) {
        ++hits[static_cast<std::size_t>(random.between(10, 15) - 10)];
        EXPECT_EQ(random.below(1), 0U);
        EXPECT_EQ(random.between(9, 9), 9U);
        EXPECT_TRUE(random.chance(1, 1));
        EXPECT_FALSE(random.chance(0, 5));
    }
    EXPECT_TRUE(std::ranges::all_of(hits, [](int count) { return count > 100; }));
    (void)random.between(0, ~std::uint64_t{0});  // the full range has no bound to draw below
}

TEST(RandomDeathTest, refuses_an_empty_range) {
    Random random(6);
    std::vector<int> nothing;
    EXPECT_DEATH((void)random.below(0), "bound > 0");
    EXPECT_DEATH((void)random.between(2, 1), "first <= last");
    EXPECT_DEATH((void)random.pick(nothing), "empty");
}

TEST(Random, shuffle_keeps_the_items) {
    Random random(7);
    std::vector<int> items(100);
    std::iota(items.begin(), items.end(), 0);
    const std::vector<int> sorted = items;
    random.shuffle(items);
    EXPECT_NE(items, sorted);
    EXPECT_TRUE(std::ranges::is_permutation(items, sorted));
    EXPECT_GE(random.pick(items), 0);
}

TEST(Random, fill_is_little_endian_and_covers_the_tail) {
    Random words(8);
    Random bytes(8);
    std::array<std::uint8_t, 11> out{};
    bytes.fill(out);
    const std::uint64_t first = words.next();
    const std::uint64_t second = words.next();
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint64_t word = i < 8 ? first : second;
        EXPECT_EQ(out[i], static_cast<std::uint8_t>(word >> (8 * (i % 8))));
    }
}

}  // namespace
}  // namespace polis
