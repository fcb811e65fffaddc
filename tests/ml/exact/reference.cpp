#include <tests/ml/exact/reference.hpp>

#include <algorithm>
#include <variant>

#include <core/integer.hpp>

namespace polis::exact::tests {

namespace {

struct Tensor {
    Shape shape;
    std::vector<i128> values;

    [[nodiscard]] i128 at(std::int64_t c, std::int64_t y, std::int64_t x) const {
        const bool inside = y >= 0 && y < shape.height && x >= 0 && x < shape.width;
        return inside ? values[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)]
                      : 0;
    }
};

/// floor(value / 2^shift), without a shift of a negative number.
i128 floor_div(i128 value, int shift) {
    const i128 divisor = i128{1} << shift;
    const i128 quotient = value / divisor;
    return quotient * divisor > value ? quotient - 1 : quotient;
}

i128 requantised(const Requantise& factors, std::size_t output, i128 sum) {
    const int shift = factors.shift[output];
    const i128 value =
        floor_div(sum * factors.multiplier[output] + (i128{1} << (shift - 1)), shift);
    const i128 max = factors.activation_max;
    return max == 0 ? value : std::clamp(value, i128{0}, max);
}

struct Apply {
    const Tensor& in;
    const std::vector<Tensor>& all;

    Tensor operator()(const Dense& dense) const {
        Tensor out{flat_shape(dense.outputs), {}};
        for (std::size_t o = 0; o < dense.outputs; ++o) {
            i128 sum = dense.bias[o];
            for (std::size_t i = 0; i < in.values.size(); ++i) {
                sum += in.values[i] * dense.weights[o * in.values.size() + i];
            }
            out.values.push_back(requantised(dense.requantise, o, sum));
        }
        return out;
    }

    Tensor operator()(const Conv2d& conv) const {
        const auto side = [&](std::uint32_t input, std::uint32_t kernel) {
            return (input + 2U * conv.pad - kernel) / conv.stride + 1;
        };
        Tensor out{
            {conv.outputs,
             side(in.shape.height, conv.kernel_height),
             side(in.shape.width, conv.kernel_width)},
            {}};
        for (std::size_t o = 0; o < conv.outputs; ++o) {
            for (std::int64_t y = 0; y < out.shape.height; ++y) {
                for (std::int64_t x = 0; x < out.shape.width; ++x) {
                    const i128 sum = window(conv, o, y * conv.stride, x * conv.stride);
                    out.values.push_back(requantised(conv.requantise, o, sum));
                }
            }
        }
        return out;
    }

    Tensor operator()(const MaxPool2x2& /*pool*/) const {
        Tensor out{{in.shape.channels, in.shape.height / 2, in.shape.width / 2}, {}};
        for (std::int64_t c = 0; c < out.shape.channels; ++c) {
            for (std::int64_t y = 0; y < out.shape.height; ++y) {
                for (std::int64_t x = 0; x < out.shape.width; ++x) {
                    out.values.push_back(std::max(
                        {in.at(c, 2 * y, 2 * x),
                         in.at(c, 2 * y, 2 * x + 1),
                         in.at(c, 2 * y + 1, 2 * x),
                         in.at(c, 2 * y + 1, 2 * x + 1)}));
                }
            }
        }
        return out;
    }

    Tensor operator()(const Add& add) const {
        Tensor out{in.shape, {}};
        for (std::size_t i = 0; i < in.values.size(); ++i) {
            const i128 sum =
                in.values[i] * add.multiplier + all[add.other].values[i] * add.other_multiplier;
            const i128 value = floor_div(sum + (i128{1} << (add.shift - 1)), add.shift);
            out.values.push_back(std::clamp(value, i128{0}, i128{add.activation_max}));
        }
        return out;
    }

    /// The sum of one output over the window whose corner is (y - pad, x - pad).
    [[nodiscard]] i128 window(
        const Conv2d& conv, std::size_t output, std::int64_t y, std::int64_t x) const {
        i128 sum = conv.bias[output];
        std::size_t weight = output * in.shape.channels * conv.kernel_height * conv.kernel_width;
        for (std::int64_t c = 0; c < in.shape.channels; ++c) {
            for (std::int64_t i = 0; i < conv.kernel_height; ++i) {
                for (std::int64_t j = 0; j < conv.kernel_width; ++j) {
                    sum += in.at(c, y + i - conv.pad, x + j - conv.pad) * conv.weights[weight++];
                }
            }
        }
        return sum;
    }
};

}  // namespace

std::vector<std::int32_t> reference_logits(const Model& model, ByteView sample) {
    std::vector<Tensor> tensors;
    tensors.push_back({model.input, {sample.begin(), sample.end()}});
    for (const Layer& layer : model.layers) {
        tensors.push_back(std::visit(Apply{tensors[layer.source], tensors}, layer.operation));
    }
    std::vector<std::int32_t> out;
    for (const i128 value : tensors.back().values) {
        out.push_back(static_cast<std::int32_t>(value));
    }
    return out;
}

}  // namespace polis::exact::tests
