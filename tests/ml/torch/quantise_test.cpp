// From floats to integers: the scale rules on networks small enough to work out by hand, and what
// cannot be expressed.
#include <ml/torch/quantise.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ml/exact/inference.hpp>

namespace polis::trainer {
namespace {

FloatModel random_model(const Plan& plan, Random& random) {
    FloatModel out;
    const auto value = [&random](double reach) {
        return static_cast<float>((static_cast<double>(random.below(2001)) - 1000) / 1000 * reach);
    };
    for (const exact::Layer& layer : plan.model.layers) {
        const auto& dense = std::get<exact::Dense>(layer.operation);
        FloatLayer floats;
        for (std::size_t i = 0; i < dense.weights.size(); ++i) {
            floats.weights.push_back(value(1));
        }
        for (std::size_t i = 0; i < dense.bias.size(); ++i) {
            floats.bias.push_back(value(0.3));
        }
        out.layers.push_back(floats);
    }
    return out;
}

/// Logits of a chain of dense layers in doubles, and the largest value of every tensor.
std::vector<double> float_logits(
    const FloatModel& model, ByteView sample, std::vector<float>& largest) {
    std::vector<double> x(sample.begin(), sample.end());
    for (double& value : x) {
        value /= 255;
    }
    for (std::size_t i = 0; i < model.layers.size(); ++i) {
        const FloatLayer& layer = model.layers[i];
        std::vector<double> y(layer.bias.begin(), layer.bias.end());
        for (std::size_t o = 0; o < y.size(); ++o) {
            for (std::size_t j = 0; j < x.size(); ++j) {
                y[o] += static_cast<double>(layer.weights[o * x.size() + j]) * x[j];
            }
            if (i + 1 < model.layers.size()) {
                y[o] = std::max(y[o], 0.0);
            }
            largest[i + 1] = std::max(largest[i + 1], static_cast<float>(y[o]));
        }
        x = y;
    }
    return x;
}

TEST(Quantise, integer_logits_are_close_to_float_logits) {
    const auto chosen =
        plan({.kind = "mlp", .hidden = {24, 12}}, exact::flat_shape(30), 5, /*behind_map=*/false);
    ASSERT_TRUE(chosen.has_value());
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Random random(seed);
        const FloatModel floats = random_model(*chosen, random);
        std::vector<Bytes> samples(50, Bytes(30));
        std::vector<float> largest(chosen->model.layers.size() + 1);
        std::vector<std::vector<double>> expected;
        for (Bytes& sample : samples) {
            random.fill(sample);
            expected.push_back(float_logits(floats, sample, largest));
        }
        const auto model = quantise(*chosen, floats, largest);
        ASSERT_TRUE(model.has_value());
        exact::Evaluator evaluator(*model);
        const double reach = static_cast<double>(largest.back());
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const auto logits = evaluator.logits(samples[i]);
            for (std::size_t o = 0; o < logits.size(); ++o) {
                EXPECT_NEAR(static_cast<double>(logits[o]) / 65536, expected[i][o], 0.1 * reach);
            }
        }
    }
}

/// One dense layer of two inputs and two outputs.
Result<exact::AdmittedModel, Failure> two_by_two(
    const std::vector<float>& weights, const std::vector<float>& bias) {
    const auto chosen =
        plan({.kind = "logistic", .hidden = {}}, exact::flat_shape(2), 2, /*behind_map=*/false);
    FloatModel floats;
    floats.layers.push_back({.weights = weights, .bias = bias});
    return quantise(*chosen, floats, {0, 1});
}

TEST(Quantise, each_output_uses_all_of_its_weights_range) {
    const auto model = two_by_two({0.5F, -0.25F, 100.0F, 1.0F}, {0, 0});
    ASSERT_TRUE(model.has_value());
    const auto& dense = std::get<exact::Dense>(model->model().layers[0].operation);
    EXPECT_EQ(dense.weights, (std::vector<std::int8_t>{127, -64, 127, 1}));
    // 0.5 / 127 / 255 * 2^16 = 1.0118 = multiplier / 2^30
    EXPECT_EQ(dense.requantise.shift[0], 30);
    EXPECT_NEAR(dense.requantise.multiplier[0] / 0x1p30, 0.5 / 127 / 255 * 65536, 1e-8);
}

TEST(Quantise, an_output_without_weights_keeps_its_bias) {
    const auto model = two_by_two({0, 0, 1, 1}, {0.75F, 0});
    ASSERT_TRUE(model.has_value());
    exact::Evaluator evaluator(*model);
    const auto logits = evaluator.logits(Bytes{255, 255});
    EXPECT_NEAR(logits[0], 0.75 * 65536, 1);
    EXPECT_NEAR(logits[1], 2 * 65536, 600);
}

TEST(Quantise, weights_that_integers_cannot_express_are_refused) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    for (const float bad : {kNan, kInfinity, 1e30F}) {
        for (const bool in_bias : {false, true}) {
            const auto model = two_by_two({in_bias ? 1 : bad, 1, 1, 1}, {in_bias ? bad : 0, 0});
            ASSERT_FALSE(model.has_value()) << bad;
            EXPECT_EQ(model.error().code, FailureCode::kDiverged);
        }
    }
}

}  // namespace
}  // namespace polis::trainer
