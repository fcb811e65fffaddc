// A map folded into the first layer: the same logits without the map, or a named refusal.
#include <ml/exact/fold.hpp>

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <ml/exact/inference.hpp>
#include <ml/exact/scoring.hpp>
#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

using tests::ModelMaker;

Hash seed_of(std::uint64_t number) {
    Hash out;
    out.data[0] = static_cast<std::uint8_t>(number);
    out.data[1] = static_cast<std::uint8_t>(number >> 8);
    return out;
}

/// As training makes them: no weight of -128.
void make_symmetric(Model& model) {
    for (Layer& layer : model.layers) {
        if (auto* dense = std::get_if<Dense>(&layer.operation)) {
            for (std::int8_t& weight : dense->weights) {
                weight = std::max<std::int8_t>(weight, -127);
            }
        }
    }
}

/// One dense layer of two inputs.
Model two_inputs(std::vector<std::int8_t> weights, std::vector<std::int32_t> bias) {
    Model out{.input = flat_shape(2)};
    const std::vector<std::uint32_t> multiplier(2, kMultiplierMin);
    out.layers.push_back(
        {.source = 0,
         .operation = Dense{
             .outputs = 2,
             .weights = std::move(weights),
             .bias = std::move(bias),
             .requantise = {.multiplier = multiplier, .shift = {40, 40}, .activation_max = 0}}});
    return out;
}

/// A map that inverts both of two inputs.
Mapping inverts_both() {
    for (std::uint64_t number = 0;; ++number) {
        auto out = Mapping::derive(seed_of(number), flat_shape(2), Mapping::Kind::kFlat);
        if (std::ranges::count(out.inversions(), 0xff) == 2) {
            return out;
        }
    }
}

TEST(Fold, gives_the_same_logits_without_the_map) {
    for (std::uint64_t number = 0; number < 40; ++number) {
        Random random(number);
        const auto side = static_cast<std::uint32_t>(2 + random.below(9));
        Model model = tests::mlp(random, side * side, 12, 5);
        make_symmetric(model);
        const Shape shape = number % 2 == 0 ? Shape{1, side, side} : flat_shape(side * side);
        const auto admitted = admit(model);
        ASSERT_TRUE(admitted);
        const auto map = Mapping::derive(seed_of(number), shape, Mapping::Kind::kFlat);
        const auto folded = fold(*admitted, map);
        ASSERT_TRUE(folded) << to_string(folded.error());
        EXPECT_NE(folded->model(), model);
        Evaluator behind(*admitted);
        Evaluator bare(*folded);
        const Bytes file = tests::random_dataset(random, shape, 5, 30);
        const auto data = DatasetView::open(file);
        ASSERT_TRUE(data);
        for (std::uint32_t i = 0; i < data->count(); ++i) {
            const auto want = behind.logits(map.apply(data->sample(i)));
            EXPECT_TRUE(std::ranges::equal(want, bare.logits(data->sample(i))));
        }
        EXPECT_EQ(
            score(behind, &map, *data, whole(*data)), score(bare, nullptr, *data, whole(*data)));
    }
}

TEST(Fold, refuses_what_is_not_exact_by_name) {
    const Mapping map = inverts_both();
    const auto error_of = [&](const Model& model) { return fold(*admit(model), map).error(); };
    EXPECT_TRUE(fold(*admit(two_inputs({1, -2, 3, -127}, {5, -6})), map));
    EXPECT_EQ(error_of(two_inputs({1, -2, 3, -128}, {5, -6})), FoldError::kWeightOverflow);
    // Σ|w| * 255 + |bias| is one below 2^31 before, and more than that afterwards.
    constexpr std::int32_t kBias = std::numeric_limits<std::int32_t>::max() - 2 * 255;
    EXPECT_EQ(error_of(two_inputs({1, 1, 0, 0}, {kBias, 0})), FoldError::kSumOverflow);
    EXPECT_EQ(error_of(two_inputs({127, 127, 0, 0}, {2'147'418'877, 0})), FoldError::kSumOverflow);
    Random random(1);
    EXPECT_EQ(fold(*admit(tests::mlp(random, 3, 2, 2)), map).error(), FoldError::kShapeMismatch);
    const Shape image{1, 4, 4};
    const auto patches = Mapping::derive(seed_of(1), image, Mapping::Kind::kPatches);
    ModelMaker conv(random, image);
    conv.conv({});
    EXPECT_EQ(fold(*admit(conv.logits(2)), patches).error(), FoldError::kNotFlat);
    ModelMaker pool(random, image);
    pool.pool();
    const auto flat = Mapping::derive(seed_of(1), image, Mapping::Kind::kFlat);
    EXPECT_EQ(fold(*admit(pool.logits(2)), flat).error(), FoldError::kNotDense);
    ModelMaker add(random, flat_shape(2));
    add.dense(2).add(0);
    EXPECT_EQ(error_of(add.logits(2)), FoldError::kNotDense);
}

}  // namespace
}  // namespace polis::exact
