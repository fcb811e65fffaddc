#include <ml/exact/model.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include <ml/exact/windows.hpp>

namespace polis::exact {

namespace {

using Verdict = Result<void, ModelError>;

constexpr std::uint64_t kSumEnd = std::uint64_t{1} << 31;

std::uint64_t magnitude(std::int64_t value) {
    return static_cast<std::uint64_t>(value < 0 ? -value : value);
}

/// What a layer gives: the shape and the largest value.
struct Tensor {
    Shape shape;
    std::uint8_t max = 0;
};

/// The parts that dense and convolutional layers share.
struct Channels {
    std::uint32_t outputs;
    std::uint64_t depth;  ///< weights of one output
    std::span<const std::int8_t> weights;
    std::span<const std::int32_t> bias;
    const Requantise& requantise;
};

Verdict check_input(const Shape& shape) {
    const bool sides = shape.channels > 0 && shape.height > 0 && shape.width > 0 &&
                       shape.channels <= kInputsMax && shape.height <= kSideMax &&
                       shape.width <= kSideMax;
    if (!sides || shape.elements() > kInputsMax) {
        return std::unexpected(ModelError::kBadInputShape);
    }
    return {};
}

/// Largest magnitude that sums of one output can reach, in any order of additions.
std::uint64_t sum_bound(const Channels& channels, std::size_t output, std::uint8_t max) {
    std::uint64_t total = 0;
    for (const std::int8_t weight :
         channels.weights.subspan(output * channels.depth, channels.depth)) {
        total += magnitude(weight);
    }
    return total * max + magnitude(channels.bias[output]);
}

/// The factor of one output, and that nothing overflows on the way to its result.
Verdict check_output(const Channels& channels, std::size_t output, std::uint8_t max, bool last) {
    const std::uint64_t multiplier = channels.requantise.multiplier[output];
    const std::uint8_t shift = channels.requantise.shift[output];
    if (multiplier < kMultiplierMin || multiplier >= kMultiplierEnd) {
        return std::unexpected(ModelError::kBadMultiplier);
    }
    if (shift < kShiftMin || shift > kShiftMax) {
        return std::unexpected(ModelError::kBadShift);
    }
    const std::uint64_t bound = sum_bound(channels, output, max);
    if (bound >= kSumEnd) {
        return std::unexpected(ModelError::kSumOverflow);
    }
    // Below 2^62 + 2^61. A negative sum gives at most one more in magnitude, which 32 bits hold.
    const std::uint64_t largest = (bound * multiplier + (std::uint64_t{1} << (shift - 1))) >> shift;
    if (last && largest > std::numeric_limits<std::int32_t>::max()) {
        return std::unexpected(ModelError::kLogitOverflow);
    }
    return {};
}

Verdict check_channels(const Channels& channels, std::uint8_t max, bool last) {
    const Requantise& requantise = channels.requantise;
    const std::size_t outputs = channels.outputs;
    if (channels.weights.size() != outputs * channels.depth || channels.bias.size() != outputs ||
        requantise.multiplier.size() != outputs || requantise.shift.size() != outputs) {
        return std::unexpected(ModelError::kWrongCount);
    }
    if ((requantise.activation_max == 0) != last) {
        return std::unexpected(ModelError::kBadActivationMax);
    }
    for (std::size_t output = 0; output < outputs; ++output) {
        POLIS_TRY_VOID(check_output(channels, output, max, last));
    }
    return {};
}

/// Goes through the layers once, in order.
class Admission {
  public:
    explicit Admission(const Model& model) : model_(model) {}

    Result<ModelFacts, ModelError> run() {
        POLIS_TRY_VOID(check_input(model_.input));
        if (model_.layers.empty()) {
            return std::unexpected(ModelError::kNoLayers);
        }
        if (model_.layers.size() > kLayersMax) {
            return std::unexpected(ModelError::kTooManyLayers);
        }
        POLIS_TRY_VOID(give({model_.input, std::numeric_limits<std::uint8_t>::max()}));
        for (std::size_t i = 0; i < model_.layers.size(); ++i) {
            POLIS_TRY_VOID(check_layer(i));
        }
        return finish();
    }

  private:
    Verdict check_layer(std::size_t index) {
        const Layer& layer = model_.layers[index];
        last_ = index + 1 == model_.layers.size();
        POLIS_TRY(const Tensor in, tensor(layer.source));
        POLIS_TRY(
            const Tensor out,
            std::visit(
                [&](const auto& operation) { return check(operation, in); }, layer.operation));
        if (layer.source == 0 && std::holds_alternative<Conv2d>(layer.operation)) {
            facts_.begins_with_convolution = true;
        }
        return give(out);
    }

    /// The tensor of that number, which is read.
    Result<Tensor, ModelError> tensor(std::size_t number) {
        if (number >= facts_.shapes.size()) {
            return std::unexpected(ModelError::kBadSource);
        }
        read_[number] = true;
        return Tensor{facts_.shapes[number], facts_.maxima[number]};
    }

    Verdict give(const Tensor& out) {
        const std::uint64_t width = last_ ? sizeof(std::int32_t) : 1;
        facts_.activation_bytes += out.shape.elements() * width;
        if (facts_.activation_bytes > kActivationBytesMax) {
            return std::unexpected(ModelError::kTooMuchMemory);
        }
        if (facts_.multiply_adds > kMultiplyAddsMax) {
            return std::unexpected(ModelError::kTooManyMultiplyAdds);
        }
        facts_.shapes.push_back(out.shape);
        facts_.maxima.push_back(out.max);
        read_.push_back(false);
        return {};
    }

    Result<Tensor, ModelError> check(const Dense& dense, const Tensor& in) {
        if (dense.outputs == 0 || dense.outputs > kChannelsMax) {
            return std::unexpected(ModelError::kBadChannels);
        }
        const std::uint64_t depth = in.shape.elements();
        POLIS_TRY_VOID(check_channels(
            {dense.outputs, depth, dense.weights, dense.bias, dense.requantise}, in.max, last_));
        facts_.multiply_adds += dense.outputs * depth;
        facts_.parameters += dense.weights.size() + dense.bias.size();
        return Tensor{flat_shape(dense.outputs), dense.requantise.activation_max};
    }

    Result<Tensor, ModelError> check(const Conv2d& conv, const Tensor& in) {
        if (conv.outputs == 0 || conv.outputs > kChannelsMax) {
            return std::unexpected(ModelError::kBadChannels);
        }
        const auto side_ok = [](std::uint8_t side) { return side > 0 && side <= kKernelSideMax; };
        if (!side_ok(conv.kernel_height) || !side_ok(conv.kernel_width) || conv.stride == 0 ||
            conv.stride > kStrideMax || conv.pad >= conv.kernel_height ||
            conv.pad >= conv.kernel_width) {
            return std::unexpected(ModelError::kBadKernel);
        }
        const Shape padded = padded_shape(conv, in.shape);
        if (padded.height < conv.kernel_height || padded.width < conv.kernel_width) {
            return std::unexpected(ModelError::kKernelOverInput);
        }
        if (padded.elements() > kActivationBytesMax) {
            return std::unexpected(ModelError::kTooMuchMemory);
        }
        const Shape out = conv_shape(conv, in.shape);
        const std::uint64_t depth =
            std::uint64_t{in.shape.channels} * conv.kernel_height * conv.kernel_width;
        POLIS_TRY_VOID(check_channels(
            {conv.outputs, depth, conv.weights, conv.bias, conv.requantise}, in.max, last_));
        facts_.multiply_adds += out.elements() * depth;
        facts_.parameters += conv.weights.size() + conv.bias.size();
        return Tensor{out, conv.requantise.activation_max};
    }

    Result<Tensor, ModelError> check(const MaxPool2x2& /*pool*/, const Tensor& in) {
        if (last_) {
            return std::unexpected(ModelError::kLastNotWeighted);
        }
        if (in.shape.height < 2 || in.shape.width < 2) {
            return std::unexpected(ModelError::kKernelOverInput);
        }
        const Shape out = pool_shape(in.shape);
        facts_.multiply_adds += out.elements();
        return Tensor{out, in.max};
    }

    Result<Tensor, ModelError> check(const Add& add, const Tensor& in) {
        if (last_) {
            return std::unexpected(ModelError::kLastNotWeighted);
        }
        POLIS_TRY(const Tensor other, tensor(add.other));
        if (in.shape != other.shape) {
            return std::unexpected(ModelError::kShapeMismatch);
        }
        const auto [least, most] = std::minmax(add.multiplier, add.other_multiplier);
        if (least == 0 || most < kMultiplierMin || most >= kMultiplierEnd) {
            return std::unexpected(ModelError::kBadMultiplier);
        }
        if (add.shift < kShiftMin || add.shift > kShiftMax) {
            return std::unexpected(ModelError::kBadShift);
        }
        if (add.activation_max == 0) {
            return std::unexpected(ModelError::kBadActivationMax);
        }
        facts_.multiply_adds += 2 * in.shape.elements();
        return Tensor{in.shape, add.activation_max};
    }

    Result<ModelFacts, ModelError> finish() {
        read_.back() = true;
        if (std::ranges::find(read_, false) != read_.end()) {
            return std::unexpected(ModelError::kUnusedOutput);
        }
        const std::uint64_t classes = facts_.shapes.back().elements();
        if (classes < 2 || classes > kClassesMax) {
            return std::unexpected(ModelError::kBadClasses);
        }
        facts_.classes = static_cast<std::uint32_t>(classes);
        return std::move(facts_);
    }

    const Model& model_;
    ModelFacts facts_;
    std::vector<bool> read_;  ///< by tensor
    bool last_ = false;       ///< the layer that is checked gives the logits
};

}  // namespace

Shape padded_shape(const Conv2d& conv, const Shape& in) {
    const std::uint32_t both = 2 * std::uint32_t{conv.pad};
    return {in.channels, in.height + both, in.width + both};
}

Shape conv_shape(const Conv2d& conv, const Shape& in) {
    const Shape padded = padded_shape(conv, in);
    return {
        conv.outputs,
        (padded.height - conv.kernel_height) / conv.stride + 1,
        (padded.width - conv.kernel_width) / conv.stride + 1};
}

Shape pool_shape(const Shape& in) { return {in.channels, in.height / 2, in.width / 2}; }

AdmittedModel::AdmittedModel(Model model, ModelFacts facts)
    : model_(std::move(model)), facts_(std::move(facts)) {}

bool AdmittedModel::accepts(const Shape& sample) const {
    return model_.input == sample ||
           (model_.input.is_flat() && model_.input.elements() == sample.elements());
}

Result<AdmittedModel, ModelError> admit(Model model) {
    POLIS_TRY(ModelFacts facts, Admission(model).run());
    return AdmittedModel(std::move(model), std::move(facts));
}

}  // namespace polis::exact
