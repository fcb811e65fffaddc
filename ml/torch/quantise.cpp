#include <ml/torch/quantise.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include <core/check.hpp>

namespace polis::trainer {

namespace {

constexpr double kWeightMax = 127;
constexpr double kActivationMax = 255;
constexpr double kLogitScale = 1.0 / 65536;  ///< Q15.16
constexpr double kBiasMax = 1 << 29;         ///< leaves room for the products
constexpr double kScaleMin = 1e-12;          ///< of an activation that is always 0

/// multiplier / 2^shift, the multiplier with its highest bit set.
struct Factor {
    std::uint32_t multiplier;
    std::uint8_t shift;
};

/// @pre factor > 0. Nothing if the shift would leave its range.
std::optional<Factor> factor_of(double factor) {
    int exponent = 0;
    const double fraction = std::frexp(factor, &exponent);  // in [0.5, 1)
    auto multiplier = static_cast<std::uint64_t>(std::llrint(std::ldexp(fraction, 31)));
    if (multiplier == exact::kMultiplierEnd) {
        multiplier /= 2;
        ++exponent;
    }
    const int shift = 31 - exponent;
    if (shift < exact::kShiftMin || shift > exact::kShiftMax) {
        return std::nullopt;
    }
    return Factor{static_cast<std::uint32_t>(multiplier), static_cast<std::uint8_t>(shift)};
}

std::unexpected<Failure> diverged(std::size_t layer) {
    return fail(FailureCode::kDiverged, "layer " + std::to_string(layer));
}

class Quantiser {
  public:
    Quantiser(const Plan& plan, const FloatModel& weights, const std::vector<float>& largest)
        : weights_(weights), largest_(largest), out_(plan.model) {
        scales_.push_back(1 / kActivationMax);
    }

    Result<exact::AdmittedModel, Failure> run() {
        for (std::size_t i = 0; i < out_.layers.size(); ++i) {
            exact::Layer& layer = out_.layers[i];
            layer_ = i;
            in_scale_ = scales_[layer.source];
            out_scale_ = i + 1 == out_.layers.size() ? kLogitScale : scale_of(largest_[i + 1]);
            POLIS_TRY_VOID(
                std::visit([&](auto& operation) { return fill(operation); }, layer.operation));
            scales_.push_back(out_scale_);
        }
        auto admitted = exact::admit(std::move(out_));
        if (!admitted) {
            return fail(FailureCode::kDiverged, std::string(exact::to_string(admitted.error())));
        }
        return *std::move(admitted);
    }

  private:
    using Verdict = Result<void, Failure>;

    static double scale_of(float largest) {
        return std::max(static_cast<double>(largest) / kActivationMax, kScaleMin);
    }

    Verdict fill(exact::Dense& dense) {
        return fill_channels(dense.weights, dense.bias, dense.requantise);
    }

    Verdict fill(exact::Conv2d& conv) {
        return fill_channels(conv.weights, conv.bias, conv.requantise);
    }

    Verdict fill(exact::MaxPool2x2& /*pool*/) {
        out_scale_ = in_scale_;
        return {};
    }

    /// The larger factor decides the shift of both.
    Verdict fill(exact::Add& add) {
        const double first = in_scale_ / out_scale_;
        const double second = scales_[add.other] / out_scale_;
        const auto larger = factor_of(std::max(first, second));
        if (!larger) {
            return diverged(layer_);
        }
        const auto at_shift = [&](double factor) {
            const double value = std::rint(std::ldexp(factor, larger->shift));
            return static_cast<std::uint32_t>(
                std::clamp(value, 1.0, static_cast<double>(exact::kMultiplierEnd - 1)));
        };
        add.multiplier = at_shift(first);
        add.other_multiplier = at_shift(second);
        add.shift = larger->shift;
        return {};
    }

    Verdict fill_channels(
        std::vector<std::int8_t>& weights,
        std::vector<std::int32_t>& bias,
        exact::Requantise& requantise) {
        const FloatLayer& from = weights_.layers[layer_];
        POLIS_ASSERT_OP(from.weights.size(), ==, weights.size());
        POLIS_ASSERT_OP(from.bias.size(), ==, bias.size());
        const std::size_t depth = weights.size() / bias.size();
        for (std::size_t o = 0; o < bias.size(); ++o) {
            const auto row = std::span(from.weights).subspan(o * depth, depth);
            const double scale = weight_scale(row, from.bias[o]);
            const auto factor = std::isfinite(scale) && scale > 0
                                    ? factor_of(scale * in_scale_ / out_scale_)
                                    : std::nullopt;
            if (!factor) {
                return diverged(layer_);
            }
            for (std::size_t i = 0; i < depth; ++i) {
                weights[o * depth + i] = static_cast<std::int8_t>(std::clamp(
                    std::rint(static_cast<double>(row[i]) / scale), -kWeightMax, kWeightMax));
            }
            bias[o] = static_cast<std::int32_t>(
                std::rint(static_cast<double>(from.bias[o]) / (scale * in_scale_)));
            requantise.multiplier[o] = factor->multiplier;
            requantise.shift[o] = factor->shift;
        }
        return {};
    }

    /// By the largest weight; larger where the bias or the factor would not fit otherwise.
    [[nodiscard]] double weight_scale(std::span<const float> row, float bias) const {
        double largest = 0;
        if (!std::isfinite(bias)) {
            return std::nan("");
        }
        for (const float weight : row) {
            if (!std::isfinite(weight)) {
                return std::nan("");
            }
            largest = std::max(largest, std::fabs(static_cast<double>(weight)));
        }
        const double by_bias = std::fabs(static_cast<double>(bias)) / (in_scale_ * kBiasMax);
        const double by_shift = std::ldexp(1.0, -31) * out_scale_ / in_scale_;
        return std::max({largest / kWeightMax, by_bias, by_shift});
    }

    const FloatModel& weights_;
    const std::vector<float>& largest_;
    exact::Model out_;
    std::vector<double> scales_;  ///< by tensor
    std::size_t layer_ = 0;
    double in_scale_ = 0;
    double out_scale_ = 0;
};

}  // namespace

Result<exact::AdmittedModel, Failure> quantise(
    const Plan& plan, const FloatModel& weights, const std::vector<float>& largest) {
    POLIS_ASSERT_OP(weights.layers.size(), ==, plan.model.layers.size());
    POLIS_ASSERT_OP(largest.size(), ==, plan.model.layers.size() + 1);
    for (std::size_t i = 0; i < largest.size(); ++i) {
        if (!std::isfinite(largest[i])) {
            return diverged(i);
        }
    }
    return Quantiser(plan, weights, largest).run();
}

}  // namespace polis::trainer
