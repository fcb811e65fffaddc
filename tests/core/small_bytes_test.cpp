// Short byte strings without an allocation, long ones with one: the same value either way.
// Method: every length around the border, every way to copy and move; ASan watches the memory.
#include <core/small_bytes.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis {
namespace {

constexpr std::size_t kLengths[] = {
    0, 1, SmallBytes::kInlineMax - 1, SmallBytes::kInlineMax, SmallBytes::kInlineMax + 1, 1000};

Bytes counting(std::size_t length) {
    Bytes out(length);
    for (std::size_t i = 0; i < length; ++i) {
        out[i] = static_cast<std::uint8_t>(i + length);
    }
    return out;
}

TEST(SmallBytes, holds_what_it_was_given) {
    for (const std::size_t length : kLengths) {
        const Bytes bytes = counting(length);
        const SmallBytes small(bytes);
        EXPECT_EQ(to_bytes(small), bytes);
        EXPECT_EQ(small.size(), length);
        EXPECT_EQ(small.empty(), length == 0);
        EXPECT_EQ(small.heap_bytes(), length <= SmallBytes::kInlineMax ? 0 : length);
    }
}

TEST(SmallBytes, copies_are_independent) {
    for (const std::size_t from : kLengths) {
        for (const std::size_t to : kLengths) {
            const SmallBytes source(counting(from));
            SmallBytes target(counting(to));
            target = source;
            EXPECT_EQ(target, source);
            SmallBytes copy(target);
            target = SmallBytes(counting(3));
            EXPECT_EQ(copy, source);
        }
    }
}

TEST(SmallBytes, moving_leaves_nothing_behind) {
    for (const std::size_t from : kLengths) {
        for (const std::size_t to : kLengths) {
            SmallBytes source(counting(from));
            SmallBytes target(counting(to));
            target = std::move(source);
            EXPECT_EQ(to_bytes(target), counting(from));
            EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): that is the question
            const SmallBytes third(std::move(target));
            EXPECT_EQ(to_bytes(third), counting(from));
            source = third;
            EXPECT_EQ(source, third);
        }
    }
}

TEST(SmallBytes, assigning_to_itself_changes_nothing) {
    for (const std::size_t length : kLengths) {
        SmallBytes value(counting(length));
        SmallBytes& same = value;
        value = same;
        EXPECT_EQ(to_bytes(value), counting(length));
        value = std::move(same);
        EXPECT_EQ(to_bytes(value), counting(length));
    }
}

TEST(SmallBytes, compares_content_and_length) {
    EXPECT_EQ(SmallBytes{}, SmallBytes(Bytes{}));
    EXPECT_FALSE(SmallBytes(Bytes{0}) == SmallBytes{});
    EXPECT_FALSE(SmallBytes(counting(40)) == SmallBytes(counting(41)));
    Bytes other = counting(40);
    other.back() ^= 1;
    EXPECT_FALSE(SmallBytes(counting(40)) == SmallBytes(other));
}

TEST(SmallBytes, lives_in_growing_and_shrinking_vectors) {
    Random random(3);
    std::vector<SmallBytes> values;
    std::vector<Bytes> model;
    for (int step = 0; step < 5'000; ++step) {
        if (random.chance(2, 3) || values.empty()) {
            const Bytes bytes = counting(static_cast<std::size_t>(random.below(60)));
            const auto at = static_cast<std::ptrdiff_t>(random.below(values.size() + 1));
            values.insert(values.begin() + at, SmallBytes(bytes));
            model.insert(model.begin() + at, bytes);
        } else {
            const auto at = static_cast<std::ptrdiff_t>(random.below(values.size()));
            values.erase(values.begin() + at);
            model.erase(model.begin() + at);
        }
    }
    ASSERT_EQ(values.size(), model.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_EQ(to_bytes(values[i]), model[i]);
    }
}

}  // namespace
}  // namespace polis
