// Drawn digits: the same bytes for a seed everywhere, ten classes in turn, and pictures with ink.
#include <ml/data/digits.hpp>

#include <numeric>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <core/hex.hpp>
#include <ml/data/limits.hpp>

namespace polis::data {
namespace {

TEST(Digits, a_seed_gives_the_same_bytes_everywhere) {
    const auto file = draw_digits(100, 7);
    ASSERT_TRUE(file.has_value());
    // Written down from the first run; integers only, so no compiler may differ.
    EXPECT_EQ(
        to_hex(blob_root(*file).view()),
        "782242db249674042aae841bcc71317dc2cc7d24a638c5c24e7487ab27d2add0");
    EXPECT_NE(*draw_digits(100, 8), *file);
}

TEST(Digits, more_samples_begin_with_the_same_ones) {
    const auto few = draw_digits(20, 7);
    const auto more = draw_digits(40, 7);
    const auto few_samples = exact::DatasetView::open(*few)->samples();
    const auto more_samples = exact::DatasetView::open(*more)->samples();
    EXPECT_TRUE(equal(few_samples, more_samples.first(few_samples.size())));
}

TEST(Digits, samples_show_the_digits_in_turn) {
    const auto file = draw_digits(50, 1);
    const auto view = *exact::DatasetView::open(*file);
    EXPECT_EQ(view.shape(), (exact::Shape{1, 28, 28}));
    for (std::uint32_t i = 0; i < view.count(); ++i) {
        EXPECT_EQ(view.label(i), i % 10);
        const ByteView sample = view.sample(i);
        const auto ink = std::accumulate(sample.begin(), sample.end(), std::uint64_t{0}) / 784;
        EXPECT_GT(ink, 5U) << i;
        EXPECT_LT(ink, 120U) << i;
    }
}

TEST(Digits, absurd_counts_are_refused) {
    EXPECT_EQ(draw_digits(9, 1).error().code, DataCode::kTooFewSamples);
    EXPECT_EQ(draw_digits(kDigitsMax + 1, 1).error().code, DataCode::kTooLarge);
}

}  // namespace
}  // namespace polis::data
