// Scores: slices add up, ranks are total, and the integer cross entropy is that of floats.
#include <ml/exact/scoring.hpp>

#include <cmath>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

double float_cross_entropy(const std::vector<std::int32_t>& logits, std::uint32_t label) {
    const double largest = std::ranges::max(logits) / 65536.0;
    double sum = 0;
    for (const std::int32_t logit : logits) {
        sum += std::exp(logit / 65536.0 - largest);
    }
    return std::log(sum) + largest - logits[label] / 65536.0;
}

TEST(CrossEntropy, is_that_of_floats_within_the_documented_error) {
    Random random(1);
    for (int i = 0; i < 20'000; ++i) {
        // From all alike to decided: spreads of 2^-6 to 2^10 nats.
        const std::uint64_t spread = std::uint64_t{1} << random.between(10, 26);
        std::vector<std::int32_t> logits(random.between(2, 40));
        for (std::int32_t& logit : logits) {
            logit = static_cast<std::int32_t>(random.below(spread)) -
                    static_cast<std::int32_t>(spread / 2);
        }
        const auto label = static_cast<std::uint32_t>(random.below(logits.size()));
        const double exact = float_cross_entropy(logits, label);
        // Three floors and rounded constants: below two units and a millionth of the value.
        EXPECT_NEAR(
            static_cast<double>(cross_entropy_q16(logits, label)) / 65536.0,
            exact,
            4e-5 + 1e-5 * exact);
    }
}

TEST(CrossEntropy, ends_of_the_range) {
    using Logits = std::vector<std::int32_t>;
    constexpr std::int32_t kLow = std::numeric_limits<std::int32_t>::min();
    constexpr std::int32_t kHigh = std::numeric_limits<std::int32_t>::max();
    EXPECT_EQ(cross_entropy_q16(Logits{kLow, kHigh}, 1), 0U);
    EXPECT_EQ(cross_entropy_q16(Logits{kLow, kHigh}, 0), 0xffff'ffffU);
    EXPECT_EQ(cross_entropy_q16(Logits{kLow, kLow}, 0), 45'426U);  // ln 2 in Q16
    EXPECT_EQ(cross_entropy_q16(Logits(4, kHigh), 3), 90'852U);    // ln 4
    EXPECT_EQ(cross_entropy_q16(Logits(kClassesMax, 0), 0), 454'260U);
    EXPECT_EQ(cross_entropy_q16(Logits{7}, 0), 0U);
}

TEST(CrossEntropy, the_table_halves_and_falls) {
    const auto table = exp2_table();
    EXPECT_EQ(table.front(), std::uint32_t{1} << 30);
    EXPECT_EQ(table.back(), std::uint32_t{1} << 29);
    for (std::size_t i = 0; i < table.size(); ++i) {
        EXPECT_EQ(table[i], std::llround(std::exp2(30.0 - static_cast<double>(i) / 256))) << i;
    }
}

TEST(Score, more_correct_wins_then_less_cross_entropy) {
    const Score best{.correct = 9, .cross_entropy = 50, .count = 10};
    const Score surer{.correct = 8, .cross_entropy = 10, .count = 10};
    const Score less_sure{.correct = 8, .cross_entropy = 11, .count = 10};
    EXPECT_TRUE(rank(best, surer) < 0);
    EXPECT_TRUE(rank(surer, less_sure) < 0);
    EXPECT_TRUE(rank(less_sure, best) > 0);
    EXPECT_TRUE(rank(surer, surer) == 0);
}

struct World {
    World() {
        Random random(8);
        file = tests::random_dataset(random, {1, 4, 4}, 3, 40);
        model.push_back(*admit(tests::mlp(random, 16, 5, 3)));
    }

    Bytes file;
    std::vector<AdmittedModel> model;
};

TEST(Score, slices_add_up_to_the_whole) {
    const World world;
    const auto dataset = DatasetView::open(world.file);
    Evaluator evaluator(world.model[0]);
    const auto all = score(evaluator, nullptr, *dataset, whole(*dataset));
    ASSERT_TRUE(all);
    EXPECT_EQ(all->count, 40U);
    Score sum;
    for (std::uint32_t begin = 0; begin < 40; begin += 13) {
        sum += *score(evaluator, nullptr, *dataset, {begin, std::min(begin + 13, 40U)});
    }
    EXPECT_EQ(sum, *all);
    EXPECT_EQ(*score(evaluator, nullptr, *dataset, {7, 7}), Score{});
}

TEST(Score, counts_what_the_evaluator_says) {
    const World world;
    const auto dataset = DatasetView::open(world.file);
    Evaluator evaluator(world.model[0]);
    const Mapping map = Mapping::derive(Hash{{5}}, dataset->shape(), Mapping::Kind::kFlat);
    Score wanted;
    for (std::uint32_t i = 0; i < dataset->count(); ++i) {
        const auto logits = evaluator.logits(map.apply(dataset->sample(i)));
        wanted.correct += argmax(logits) == dataset->label(i) ? 1U : 0U;
        wanted.cross_entropy += cross_entropy_q16(logits, dataset->label(i));
        wanted.count += 1;
    }
    EXPECT_EQ(*score(evaluator, &map, *dataset, whole(*dataset)), wanted);
    EXPECT_GT(wanted.correct, 0U);
    EXPECT_LT(wanted.correct, 40U);
}

TEST(Score, what_does_not_fit_is_refused_by_name) {
    const World world;
    Evaluator evaluator(world.model[0]);
    const auto error_of = [&](const Mapping* map, const Bytes& file, SampleRange range) {
        return score(evaluator, map, *DatasetView::open(file), range).error();
    };
    Random random(9);
    const Bytes wide = tests::random_dataset(random, {1, 4, 5}, 3, 2);
    const Bytes classes = tests::random_dataset(random, {1, 4, 4}, 4, 2);
    EXPECT_EQ(error_of(nullptr, wide, {0, 1}), ScoreError::kShapeMismatch);
    EXPECT_EQ(error_of(nullptr, classes, {0, 1}), ScoreError::kClassMismatch);
    EXPECT_EQ(error_of(nullptr, world.file, {0, 41}), ScoreError::kBadRange);
    EXPECT_EQ(error_of(nullptr, world.file, {3, 2}), ScoreError::kBadRange);
    const Mapping other = Mapping::derive(Hash{}, {1, 2, 8}, Mapping::Kind::kFlat);
    EXPECT_EQ(error_of(&other, world.file, {0, 1}), ScoreError::kMappingMismatch);
    std::set<std::string_view> texts;
    const auto last = static_cast<std::uint8_t>(ScoreError::kBadRange);
    for (std::uint8_t i = 0; i <= last; ++i) {
        texts.insert(to_string(static_cast<ScoreError>(i)));
    }
    EXPECT_EQ(texts.size(), last + 1U);
}

}  // namespace
}  // namespace polis::exact
