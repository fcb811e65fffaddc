#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ml/exact/limits.hpp>
#include <ml/exact/shape.hpp>

/// Integer models: what a validator evaluates. int8 weights, u8 activations, int32 sums, so that
/// every compiler and processor gets the same logits, bit for bit.
///
/// Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient
/// Integer-Arithmetic-Only Inference", 2018, section 2.2; differs because zero points are 0 and the
/// rounding is one addition and one shift. Spec: docs/spec/models.md [M1] to [M9].
namespace polis::exact {

/// From the sum of an output channel to its result, one entry a channel:
///     y = clamp((sum * multiplier + 2^(shift-1)) >> shift, 0, activation_max)
/// in 64 bits, the shift arithmetic. The last layer does not clamp: its results are logits in
/// Q15.16, at one scale for all classes.
struct Requantise {
    std::vector<std::uint32_t> multiplier{};  ///< in [2^30, 2^31)
    std::vector<std::uint8_t> shift{};        ///< in [1, 62]
    std::uint8_t activation_max = 0;          ///< 1 to 255; 0 in the last layer

    bool operator==(const Requantise&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&Requantise::multiplier, kChannelsMax),
        codec::bounded(&Requantise::shift, kChannelsMax),
        &Requantise::activation_max);
};

/// sum[o] = bias[o] + Σ_i weights[o][i] * x[i], x the whole input in the order C, H, W.
struct Dense {
    std::uint32_t outputs = 0;
    std::vector<std::int8_t> weights{};  ///< [outputs, inputs]
    std::vector<std::int32_t> bias{};    ///< [outputs]
    Requantise requantise{};

    bool operator==(const Dense&) const = default;
    static constexpr auto kFields = codec::fields(
        &Dense::outputs,
        codec::bounded(&Dense::weights, kModelBytesMax),
        codec::bounded(&Dense::bias, kChannelsMax),
        &Dense::requantise);
};

/// sum[o][y][x] = bias[o] + Σ_{c,i,j} weights[o][c][i][j] * in[c][y*stride+i-pad][x*stride+j-pad],
/// zero outside of the plane.
struct Conv2d {
    std::uint32_t outputs = 0;  ///< planes
    std::uint8_t kernel_height = 0;
    std::uint8_t kernel_width = 0;
    std::uint8_t stride = 1;             ///< 1 to kStrideMax
    std::uint8_t pad = 0;                ///< less than both sides of the kernel
    std::vector<std::int8_t> weights{};  ///< [outputs, channels, kernel_height, kernel_width]
    std::vector<std::int32_t> bias{};    ///< [outputs]
    Requantise requantise{};

    bool operator==(const Conv2d&) const = default;
    static constexpr auto kFields = codec::fields(
        &Conv2d::outputs,
        &Conv2d::kernel_height,
        &Conv2d::kernel_width,
        &Conv2d::stride,
        &Conv2d::pad,
        codec::bounded(&Conv2d::weights, kModelBytesMax),
        codec::bounded(&Conv2d::bias, kChannelsMax),
        &Conv2d::requantise);
};

/// The largest of each 2x2 square, stride 2; an odd last row or column is left out.
struct MaxPool2x2 {
    bool operator==(const MaxPool2x2&) const = default;
    static constexpr auto kFields = codec::fields();
};

/// The sum of two activations of one shape, the shortcut of a residual block:
///     y = clamp((a * multiplier + b * other_multiplier + 2^(shift-1)) >> shift, 0, activation_max)
/// Both are past their ReLU, because activations are unsigned.
struct Add {
    std::uint16_t other = 0;  ///< the tensor b, numbered as Layer::source
    std::uint32_t multiplier = 0;
    std::uint32_t other_multiplier = 0;  ///< both in [1, 2^31), the larger one at least 2^30
    std::uint8_t shift = 0;              ///< in [1, 62]
    std::uint8_t activation_max = 0;     ///< 1 to 255

    bool operator==(const Add&) const = default;
    static constexpr auto kFields = codec::fields(
        &Add::other, &Add::multiplier, &Add::other_multiplier, &Add::shift, &Add::activation_max);
};

/// The tag of an operation is its place in this list; new ones are appended.
using Operation = std::variant<Dense, Conv2d, MaxPool2x2, Add>;

/// One operation and the tensor that it reads. Tensor 0 is the sample, tensor k the result of layer
/// k - 1: in a chain, layer i reads tensor i.
struct Layer {
    std::uint16_t source = 0;
    Operation operation{};

    bool operator==(const Layer&) const = default;
    static constexpr auto kFields = codec::fields(&Layer::source, &Layer::operation);
};

/// Plain data; nothing is promised until admit() has seen it.
struct Model {
    Shape input{};                ///< of u8 values
    std::vector<Layer> layers{};  ///< the last one is Dense or Conv2d and gives the logits

    bool operator==(const Model&) const = default;
    static constexpr auto kFields =
        codec::fields(&Model::input, codec::bounded(&Model::layers, kLayersMax));
};

/// Why bytes are not a model, or why a model is not evaluated.
enum class ModelError : std::uint8_t {
    kTooLarge,             ///< more than kModelBytesMax bytes
    kBadMagic,             ///< the first eight bytes are not kModelMagic
    kBadVersion,           ///< not kModelVersion
    kTruncated,            ///< the bytes end inside the model
    kTrailingBytes,        ///< bytes are left after the model
    kCountOverLimit,       ///< a list is longer than its limit or than the bytes that are left
    kBadOperation,         ///< the tag of an operation is unknown
    kBadInputShape,        ///< a side is 0 or over its limit, or kInputsMax is exceeded
    kNoLayers,             ///< there is no layer
    kTooManyLayers,        ///< more than kLayersMax
    kBadSource,            ///< a layer reads a tensor that is not computed before it
    kUnusedOutput,         ///< no layer reads what a layer, or the sample, gives
    kBadChannels,          ///< no output, or more than kChannelsMax
    kBadKernel,            ///< kernel, stride or padding is outside of its limits
    kKernelOverInput,      ///< the kernel or the pool is larger than the padded plane
    kWrongCount,           ///< weights, biases, multipliers or shifts do not fit the shapes
    kBadMultiplier,        ///< outside of [2^30, 2^31): zero, or not normalised
    kBadShift,             ///< outside of [1, 62]
    kBadActivationMax,     ///< 0 in a hidden layer, or not 0 in the last one
    kShapeMismatch,        ///< the two inputs of an addition differ in shape
    kLastNotWeighted,      ///< the last layer is neither Dense nor Conv2d
    kBadClasses,           ///< fewer than 2 logits or more than kClassesMax
    kSumOverflow,          ///< Σ|w| * x_max + |bias| reaches 2^31
    kLogitOverflow,        ///< a logit could leave 32 bits
    kTooManyMultiplyAdds,  ///< more than kMultiplyAddsMax for one sample
    kTooMuchMemory,        ///< activations of more than kActivationBytesMax bytes
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(ModelError error);

/// What admission learned about a model.
struct ModelFacts {
    std::vector<Shape> shapes;             ///< of tensor k: the sample, then every layer's result
    std::vector<std::uint8_t> maxima;      ///< largest value of tensor k; 0 for the logits
    std::uint32_t classes = 0;             ///< logits
    std::uint64_t multiply_adds = 0;       ///< for one sample
    std::uint64_t parameters = 0;          ///< weights and biases
    std::uint64_t activation_bytes = 0;    ///< of all tensors of one sample
    bool begins_with_convolution = false;  ///< a convolution reads the sample

    bool operator==(const ModelFacts&) const = default;
};

/// A model that keeps every rule of docs/spec/models.md: evaluating it cannot overflow, and costs
/// what its facts say. Immutable.
class AdmittedModel {
  public:
    [[nodiscard]] const Model& model() const { return model_; }

    [[nodiscard]] const ModelFacts& facts() const { return facts_; }

    /// True if samples of this shape can be evaluated: the same shape, or, where the model says
    /// only how many numbers it takes ([N, 1, 1]), as many numbers.
    [[nodiscard]] bool accepts(const Shape& sample) const;

  private:
    friend Result<AdmittedModel, ModelError> admit(Model model);
    AdmittedModel(Model model, ModelFacts facts);

    Model model_;
    ModelFacts facts_;
};

/// Checks a model against every rule, in integers only and before anything is evaluated.
/// @error every ModelError from kBadInputShape on; the first one in layer order.
[[nodiscard]] Result<AdmittedModel, ModelError> admit(Model model);

inline constexpr std::array<std::uint8_t, 8> kModelMagic{'P', 'O', 'L', 'I', 'S', 'M', 'D', 'L'};
inline constexpr std::uint8_t kModelVersion = 1;

/// The file of a model: kModelMagic, kModelVersion, the model in Borsh. One model has one file.
[[nodiscard]] Bytes encode_model(const Model& model);

/// Decodes and admits a file. Nothing is set aside for a count that the bytes do not hold.
/// @error every ModelError
[[nodiscard]] Result<AdmittedModel, ModelError> decode_model(ByteView file);

}  // namespace polis::exact
