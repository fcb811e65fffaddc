// Percentiles against a sorted list, over all magnitudes.
#include <tools/load/histogram.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>

namespace polis::tools {
namespace {

std::uint64_t exact(const std::vector<std::uint64_t>& sorted, std::uint32_t per_mille) {
    const std::size_t rank = (sorted.size() * per_mille + 999) / 1'000;
    return sorted[rank == 0 ? 0 : rank - 1];
}

TEST(Histogram, of_nothing_answers_zero) {
    EXPECT_EQ(Histogram{}.percentile(500), 0U);
    EXPECT_EQ(Histogram{}.count(), 0U);
}

TEST(Histogram, is_exact_for_small_values) {
    Histogram histogram;
    for (std::uint64_t value = 0; value < 128; ++value) {
        histogram.record(value);
    }
    EXPECT_EQ(histogram.percentile(500), 63U);
    EXPECT_EQ(histogram.percentile(1'000), 127U);
    EXPECT_EQ(histogram.max(), 127U);
    EXPECT_EQ(histogram.mean(), 63U);
}

TEST(Histogram, agrees_with_a_sorted_list_of_any_magnitude) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Random random(seed, "histogram");
        Histogram histogram;
        std::vector<std::uint64_t> values;
        const std::uint64_t bits = random.between(1, 50);
        for (std::uint64_t i = random.between(1, 500); i > 0; --i) {
            values.push_back(random.next() >> random.between(64 - bits, 63));
            histogram.record(values.back());
        }
        std::ranges::sort(values);
        for (const std::uint32_t per_mille : {0U, 1U, 500U, 900U, 990U, 999U, 1'000U}) {
            const std::uint64_t want = exact(values, per_mille);
            const std::uint64_t got = histogram.percentile(per_mille);
            EXPECT_GE(got, want) << seed << ' ' << per_mille;
            EXPECT_LE(got, want + want / 64) << seed << ' ' << per_mille;
        }
    }
}

TEST(Histogram, adds_up) {
    Histogram left;
    Histogram right;
    Histogram both;
    Random random(9, "halves");
    for (int i = 0; i < 1'000; ++i) {
        const std::uint64_t value = random.below(1'000'000);
        (i % 3 == 0 ? left : right).record(value);
        both.record(value);
    }
    left.add(right);
    for (std::uint32_t per_mille = 0; per_mille <= 1'000; per_mille += 50) {
        EXPECT_EQ(left.percentile(per_mille), both.percentile(per_mille));
    }
    EXPECT_EQ(left.count(), 1'000U);
    EXPECT_EQ(left.mean(), both.mean());
}

}  // namespace
}  // namespace polis::tools
