// Logits with every kernel against the formulas written down as they stand, and against constants
// that every compiler, optimisation and processor must reproduce.
#include <ml/exact/inference.hpp>

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <core/blob.hpp>
#include <core/hex.hpp>
#include <ml/exact/scoring.hpp>
#include <tests/ml/exact/models.hpp>
#include <tests/ml/exact/reference.hpp>

namespace polis::exact {
namespace {

using tests::ModelMaker;

std::vector<Kernel> kernels() {
    std::vector<Kernel> out{Kernel::kBest, Kernel::kPortable};
    if (has_kernel(Kernel::kAvx2)) {
        out.push_back(Kernel::kAvx2);
    }
    return out;
}

std::vector<std::int32_t> logits_of(Evaluator& evaluator, ByteView sample) {
    const auto logits = evaluator.logits(sample);
    return {logits.begin(), logits.end()};
}

/// Random samples, and those at both ends of the range.
std::vector<Bytes> samples_for(Random& random, const Model& model) {
    const std::size_t count = model.input.elements();
    std::vector<Bytes> out{Bytes(count, 0), Bytes(count, 255), Bytes(count), Bytes(count)};
    random.fill(out[2]);
    for (std::uint8_t& value : out[3]) {
        value = random.chance(1, 2) ? 255 : 0;
    }
    return out;
}

void expect_reference(Random& random, const Model& model) {
    const auto admitted = admit(model);
    ASSERT_TRUE(admitted) << to_string(admitted.error());
    for (const Kernel kernel : kernels()) {
        Evaluator evaluator(*admitted, kernel);
        for (const Bytes& sample : samples_for(random, model)) {
            EXPECT_EQ(logits_of(evaluator, sample), tests::reference_logits(model, sample));
        }
    }
}

TEST(Evaluator, random_models_give_the_reference_logits_with_every_kernel) {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        expect_reference(random, tests::random_model(random));
    }
}

TEST(Evaluator, convolutions_of_every_stride_padding_and_kernel) {
    Random random(1);
    for (std::uint8_t kernel = 1; kernel <= 5; ++kernel) {
        for (std::uint8_t pad = 0; pad < kernel; ++pad) {
            for (std::uint8_t stride = 1; stride <= kStrideMax; ++stride) {
                ModelMaker maker(random, {2, 7, 5});
                maker.conv({.outputs = 5, .kernel = kernel, .stride = stride, .pad = pad});
                expect_reference(random, maker.logits(3));
            }
        }
    }
}

TEST(Evaluator, kernels_that_are_not_square) {
    Random random(2);
    ModelMaker maker(random, {2, 6, 9});
    maker.conv({.outputs = 3, .kernel = 3});
    auto& conv = std::get<Conv2d>(maker.model().layers[0].operation);
    conv.kernel_height = 2;
    conv.kernel_width = 4;
    conv.weights.resize(std::size_t{3} * 2 * 2 * 4);
    auto& dense = maker.model().layers;
    dense.push_back({.source = 1, .operation = Dense{}});
    ModelMaker tail(random, {3, 5, 6});
    dense[1].operation = tail.logits(4).layers[0].operation;
    expect_reference(random, maker.model());
}

TEST(Evaluator, a_convolution_may_give_the_logits) {
    Random random(3);
    Model model;
    model.input = {1, 4, 4};
    ModelMaker maker(random, model.input);
    maker.conv({.outputs = 3, .kernel = 4}, /*activation_max=*/0);
    expect_reference(random, maker.model());
}

TEST(Evaluator, weights_at_both_ends_with_the_longest_rows) {
    Random random(4);
    Model model = ModelMaker(random, flat_shape(kInputsMax)).logits(6);
    auto& dense = std::get<Dense>(model.layers[0].operation);
    for (std::size_t i = 0; i < dense.weights.size(); ++i) {
        const std::size_t row = i / kInputsMax;
        dense.weights[i] = (row + i % (row + 1)) % 2 == 0 ? -128 : 127;
    }
    expect_reference(random, model);  // |sum| reaches 65536 * 255 * 128, just below 2^31
}

TEST(Evaluator, every_rounding_of_a_small_sum) {
    // One weight of 1 and shifts from 1 to 62: results on both sides of every half.
    for (int shift = 1; shift <= kShiftMax; ++shift) {
        for (const std::int8_t weight : {std::int8_t{1}, std::int8_t{-1}, std::int8_t{-128}}) {
            Model model{.input = flat_shape(1)};
            const auto byte = static_cast<std::uint8_t>(shift);
            model.layers.push_back(
                {.source = 0,
                 .operation = Dense{
                     .outputs = 2,
                     .weights = {weight, 1},
                     .bias = {0, -7},
                     .requantise = {
                         .multiplier = {kMultiplierMin, kMultiplierEnd - 1},
                         .shift = {byte, byte},
                         .activation_max = 0}}});
            const auto admitted = admit(model);
            if (!admitted) {
                EXPECT_EQ(admitted.error(), ModelError::kLogitOverflow) << shift;
                continue;
            }
            Evaluator evaluator(*admitted);
            for (int value = 0; value < 256; ++value) {
                const Bytes sample{static_cast<std::uint8_t>(value)};
                EXPECT_EQ(logits_of(evaluator, sample), tests::reference_logits(model, sample));
            }
        }
    }
}

TEST(Evaluator, a_batch_is_its_samples) {
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        const auto model = admit(tests::random_model(random));
        ASSERT_TRUE(model);
        for (const Kernel kernel : {Kernel::kPortable, Kernel::kBest}) {
            Evaluator evaluator(*model, kernel);
            const std::size_t inputs = evaluator.inputs();
            const std::size_t count = random.between(1, 2 * evaluator.batch() + 1);
            Bytes samples(inputs * count);
            random.fill(samples);
            std::vector<std::int32_t> batch(evaluator.classes() * count);
            evaluator.logits(samples, batch);
            std::vector<std::int32_t> single;
            for (std::size_t i = 0; i < count; ++i) {
                const auto own = evaluator.logits(ByteView{samples}.subspan(inputs * i, inputs));
                single.insert(single.end(), own.begin(), own.end());
            }
            EXPECT_EQ(batch, single);
        }
    }
}

TEST(Evaluator, large_activations_are_evaluated_one_by_one) {
    Random random(5);
    const auto small = admit(tests::mlp(random, 20, 7, 3));
    const auto large = admit(ModelMaker(random, {1, 256, 256}).conv({.outputs = 2}).logits(3));
    ASSERT_TRUE(small && large);
    EXPECT_GT(Evaluator(*small).batch(), 1U);
    EXPECT_EQ(Evaluator(*large).batch(), 1U);
}

TEST(Evaluator, argmax_is_the_lowest_of_equals) {
    EXPECT_EQ(argmax(std::vector<std::int32_t>{3, 7, 7, 1}), 1U);
    EXPECT_EQ(argmax(std::vector<std::int32_t>{-5, -5}), 0U);
    EXPECT_EQ(argmax(std::vector<std::int32_t>{-9, -8, -7}), 2U);
}

struct Golden {
    Score score;
    std::string logits;  ///< blob root of all logits, little-endian
};

/// Scores and hashes a model of one seed on samples of another.
Golden measure(const Model& model, const Shape& shape, Kernel kernel) {
    Random random(77);
    const Bytes file = tests::random_dataset(random, shape, 10, 200);
    const auto dataset = DatasetView::open(file);
    const auto admitted = admit(model);
    EXPECT_TRUE(admitted && dataset);
    Evaluator evaluator(*admitted, kernel);
    const Mapping map = Mapping::derive(Hash{{9}}, shape, Mapping::kind_for(admitted->facts()));
    Bytes bytes;
    for (std::uint32_t i = 0; i < dataset->count(); ++i) {
        for (const std::int32_t logit : evaluator.logits(map.apply(dataset->sample(i)))) {
            codec::encode_to(bytes, logit);
        }
    }
    const auto scored = score(evaluator, &map, *dataset, whole(*dataset));
    EXPECT_TRUE(scored);
    return {*scored, to_hex(blob_root(bytes).view())};
}

void expect_golden(const Model& model, const Shape& shape, const Golden& wanted) {
    for (const Kernel kernel : kernels()) {
        const Golden got = measure(model, shape, kernel);
        EXPECT_EQ(got.logits, wanted.logits);
        EXPECT_EQ(got.score.correct, wanted.score.correct);
        EXPECT_EQ(got.score.cross_entropy, wanted.score.cross_entropy);
        EXPECT_EQ(got.score.count, wanted.score.count);
    }
}

TEST(Golden, scores_are_the_same_with_every_compiler_and_processor) {
    Random random(42);
    expect_golden(
        tests::mlp(random, 784, 64, 10),
        {1, 28, 28},
        {{22, 79862088, 200}, "492f27227965fa4a97bfb1301d5827aa3d494d0893ea1c8024980376075f76ee"});
    expect_golden(
        tests::lenet(random, 10),
        {1, 28, 28},
        {{17, 107820441, 200}, "3e9c7361382a92c4cca276c385b64a59438a94f5f40fd2321c63191343130cec"});
    ModelMaker maker(random, {3, 16, 16});
    maker.conv({.outputs = 8, .kernel = 3, .pad = 1});
    const std::uint16_t trunk = maker.next();
    maker.conv({.outputs = 8, .kernel = 3, .pad = 1})
        .add(trunk)
        .conv({.outputs = 12, .kernel = 3, .stride = 2, .pad = 1})
        .pool();
    expect_golden(
        maker.logits(10),
        {3, 16, 16},
        {{25, 123401800, 200}, "034268f0dbf730189ca0cd2534aed9f21190baa52e50ba342e90e29985d5771f"});
}

}  // namespace
}  // namespace polis::exact
