#include <ml/exact/inference.hpp>

#include <algorithm>
#include <cstring>
#include <variant>

#include <core/check.hpp>
#include <ml/exact/windows.hpp>

namespace polis::exact {

namespace {

/// Positions of a convolution that are multiplied at once: enough to use each weight more than
/// once, few enough to stay in the cache.
constexpr std::size_t kTileRowsMax = 64;
constexpr std::size_t kTileValuesMax = 16'384;

/// Samples side by side, and bytes that their activations may take: they are to stay in the cache.
constexpr std::size_t kBatchMax = 16;
constexpr std::size_t kBatchBytesMax = 65'536;

std::size_t padded_depth(std::size_t depth) {
    return (depth + kDepthStep - 1) / kDepthStep * kDepthStep;
}

std::size_t tile_rows(std::size_t depth) {
    return std::clamp<std::size_t>(kTileValuesMax / depth, 1, kTileRowsMax);
}

/// The rule of mechanisms.md, D: one rounding, an arithmetic shift. Admission keeps |sum| below
/// 2^31, so that 64 bits hold the product and the rounding term.
std::int64_t scaled(std::int64_t sum, std::uint32_t multiplier, std::uint8_t shift) {
    return (sum * multiplier + (std::int64_t{1} << (shift - 1))) >> shift;
}

std::uint8_t clamped(std::int64_t value, std::uint8_t max) {
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, max));
}

/// Where the results of a layer with weights go: [outputs, positions], activations or logits.
class Sink {
  public:
    Sink(std::span<const std::int32_t> bias, const Requantise& requantise, std::size_t positions)
        : bias_(bias), requantise_(requantise), positions_(positions) {}

    /// @param sums [rows, outputs] of the positions from `first` on
    template <class T>
    void write(std::span<const std::int32_t> sums, std::size_t first, std::span<T> out) const {
        const std::size_t outputs = bias_.size();
        const std::size_t rows = sums.size() / outputs;
        for (std::size_t o = 0; o < outputs; ++o) {
            const std::int64_t bias = bias_[o];
            const std::uint32_t multiplier = requantise_.multiplier[o];
            const std::uint8_t shift = requantise_.shift[o];
            T* target = out.data() + o * positions_ + first;
            for (std::size_t r = 0; r < rows; ++r) {
                const std::int64_t value = scaled(sums[r * outputs + o] + bias, multiplier, shift);
                if constexpr (std::same_as<T, std::uint8_t>) {
                    target[r] = clamped(value, requantise_.activation_max);
                } else {
                    target[r] = static_cast<T>(value);
                }
            }
        }
    }

  private:
    std::span<const std::int32_t> bias_;
    const Requantise& requantise_;
    std::size_t positions_;
};

/// Widens a tensor into planes with a border of zeros.
void pad_planes(ByteView in, const Shape& shape, const Shape& padded, std::span<std::int16_t> out) {
    std::ranges::fill(out.first(padded.elements()), std::int16_t{0});
    const std::size_t border = (padded.height - shape.height) / 2;
    for (std::size_t c = 0; c < shape.channels; ++c) {
        for (std::size_t y = 0; y < shape.height; ++y) {
            const std::uint8_t* from = in.data() + (c * shape.height + y) * shape.width;
            std::int16_t* to = out.data() + (c * padded.height + y + border) * padded.width;
            std::copy(from, from + shape.width, to + border);
        }
    }
}

/// Values copied at once: a row of any kernel, in a move of a length that the compiler knows. What
/// is too much is overwritten by the next row, or meets weights of zero.
constexpr std::size_t kCopied = 16;
static_assert(kKernelSideMax <= kCopied);

/// The values under the kernel, in the order of the weights [c, i, j], and up to kCopied - 1 more.
void copy_window(
    const Conv2d& conv, const Shape& padded, const std::int16_t* corner, std::int16_t* out) {
    for (std::size_t c = 0; c < padded.channels; ++c) {
        for (std::size_t i = 0; i < conv.kernel_height; ++i) {
            const std::int16_t* from = corner + (c * padded.height + i) * padded.width;
            std::memcpy(out, from, kCopied * sizeof(std::int16_t));
            out += conv.kernel_width;
        }
    }
}

}  // namespace

Evaluator::Evaluator(const AdmittedModel& model, Kernel kernel)
    : model_(model),
      kernels_(&kernels_of(kernel)),
      inputs_(model.model().input.elements()),
      classes_(model.facts().classes) {
    const std::vector<Layer>& layers = model_.model().layers;
    std::size_t activations = 0;
    for (const Shape& shape : model_.facts().shapes) {
        activations += shape.elements();
    }
    batch_ = std::clamp<std::size_t>(kBatchBytesMax / activations, 1, kBatchMax);
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const Shape& in = model_.facts().shapes[layers[i].source];
        packed_.emplace_back();
        if (const auto* dense = std::get_if<Dense>(&layers[i].operation)) {
            pack(dense->weights, dense->outputs);
            grow(batch_ * packed_.back().depth, batch_ * dense->outputs);
        } else if (const auto* conv = std::get_if<Conv2d>(&layers[i].operation)) {
            pack(conv->weights, conv->outputs);
            const std::size_t depth = packed_.back().depth;
            grow(tile_rows(depth) * depth + kCopied, tile_rows(depth) * conv->outputs);
            const std::size_t plane_values = padded_shape(*conv, in).elements() + kCopied;
            planes_.resize(std::max(planes_.size(), plane_values));
        }
    }
    for (std::size_t i = 0; i + 1 < model_.facts().shapes.size(); ++i) {
        tensors_.emplace_back(batch_ * model_.facts().shapes[i].elements());
    }
    logits_.resize(batch_ * classes_);
}

void Evaluator::pack(const std::vector<std::int8_t>& weights, std::size_t outputs) {
    const std::size_t depth = weights.size() / outputs;
    Packed& packed = packed_.back();
    packed.depth = padded_depth(depth);
    packed.weights.resize(outputs * packed.depth);
    for (std::size_t o = 0; o < outputs; ++o) {
        const std::int8_t* from = weights.data() + o * depth;
        std::copy(from, from + depth, packed.weights.data() + o * packed.depth);
    }
}

void Evaluator::grow(std::size_t row_values, std::size_t sums) {
    rows_.resize(std::max(rows_.size(), row_values));
    sums_.resize(std::max(sums_.size(), sums));
}

std::span<const std::int32_t> Evaluator::logits(ByteView sample) {
    POLIS_ASSERT_OP(sample.size(), ==, inputs_);
    return evaluate(sample);
}

void Evaluator::logits(ByteView samples, std::span<std::int32_t> out) {
    POLIS_ASSERT_OP(samples.size() % inputs_, ==, 0);
    POLIS_ASSERT_OP(samples.size() / inputs_ * classes_, ==, out.size());
    while (!samples.empty()) {
        const std::size_t bytes = std::min(samples.size(), batch_ * inputs_);
        const std::span<const std::int32_t> found = evaluate(samples.first(bytes));
        std::ranges::copy(found, out.begin());
        samples = samples.subspan(bytes);
        out = out.subspan(found.size());
    }
}

std::span<const std::int32_t> Evaluator::evaluate(ByteView samples) {
    count_ = samples.size() / inputs_;
    std::ranges::copy(samples, tensors_[0].begin());
    const std::vector<Layer>& layers = model_.model().layers;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        std::visit([&](const auto& operation) { run_batch(i, operation); }, layers[i].operation);
    }
    return std::span(logits_).first(count_ * classes_);
}

std::span<const std::int32_t> Evaluator::multiply(
    const Packed& packed, std::size_t rows, std::size_t outputs) {
    kernels_->multiply(
        {.rows = rows_.data(),
         .weights = packed.weights.data(),
         .sums = sums_.data(),
         .row_count = rows,
         .outputs = outputs,
         .depth = packed.depth});
    return std::span(sums_).first(rows * outputs);
}

void Evaluator::run_batch(std::size_t layer, const Dense& dense) {
    const Packed& packed = packed_[layer];
    for (std::size_t k = 0; k < count_; ++k) {
        std::ranges::copy(source_of(layer, k), rows_.data() + k * packed.depth);
    }
    const Sink sink(dense.bias, dense.requantise, /*positions=*/1);
    const std::span<const std::int32_t> sums = multiply(packed, count_, dense.outputs);
    for (std::size_t k = 0; k < count_; ++k) {
        const auto own = sums.subspan(k * dense.outputs, dense.outputs);
        if (is_last(layer)) {
            sink.write(own, 0, logits_of(k));
        } else {
            sink.write(own, 0, tensor(layer + 1, k));
        }
    }
}

void Evaluator::run_batch(std::size_t layer, const auto& operation) {
    for (std::size_t k = 0; k < count_; ++k) {
        run(layer, k, operation);
    }
}

void Evaluator::run(std::size_t layer, std::size_t sample, const Conv2d& conv) {
    const Shape& in = model_.facts().shapes[model_.model().layers[layer].source];
    const Shape& out = model_.facts().shapes[layer + 1];
    const Shape padded = padded_shape(conv, in);
    pad_planes(source_of(layer, sample), in, padded, planes_);
    const Packed& packed = packed_[layer];
    const std::size_t positions = std::size_t{out.height} * out.width;
    const Sink sink(conv.bias, conv.requantise, positions);
    for (std::size_t first = 0; first < positions; first += tile_rows(packed.depth)) {
        const std::size_t rows = std::min(tile_rows(packed.depth), positions - first);
        for (std::size_t r = 0; r < rows; ++r) {
            const std::size_t y = (first + r) / out.width * conv.stride;
            const std::size_t x = (first + r) % out.width * conv.stride;
            std::int16_t* row = rows_.data() + r * packed.depth;
            copy_window(conv, padded, planes_.data() + y * padded.width + x, row);
        }
        const std::span<const std::int32_t> sums = multiply(packed, rows, conv.outputs);
        if (is_last(layer)) {
            sink.write(sums, first, logits_of(sample));
        } else {
            sink.write(sums, first, tensor(layer + 1, sample));
        }
    }
}

void Evaluator::run(std::size_t layer, std::size_t sample, const MaxPool2x2& /*pool*/) {
    const ByteView in = source_of(layer, sample);
    const Shape& shape = model_.facts().shapes[model_.model().layers[layer].source];
    const Shape& out = model_.facts().shapes[layer + 1];
    std::uint8_t* target = tensor(layer + 1, sample).data();
    for (std::size_t c = 0; c < out.channels; ++c) {
        for (std::size_t y = 0; y < out.height; ++y) {
            const std::uint8_t* upper = in.data() + (c * shape.height + 2 * y) * shape.width;
            const std::uint8_t* lower = upper + shape.width;
            for (std::size_t x = 0; x < 2 * std::size_t{out.width}; x += 2) {
                *target++ =
                    std::max(std::max(upper[x], upper[x + 1]), std::max(lower[x], lower[x + 1]));
            }
        }
    }
}

void Evaluator::run(std::size_t layer, std::size_t sample, const Add& add) {
    const ByteView here = source_of(layer, sample);
    const ByteView there = tensor(add.other, sample);
    const std::span<std::uint8_t> out = tensor(layer + 1, sample);
    const std::int64_t half = std::int64_t{1} << (add.shift - 1);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::int64_t sum =
            std::int64_t{here[i]} * add.multiplier + std::int64_t{there[i]} * add.other_multiplier;
        out[i] = clamped((sum + half) >> add.shift, add.activation_max);
    }
}

ByteView Evaluator::source_of(std::size_t layer, std::size_t sample) const {
    const std::size_t source = model_.model().layers[layer].source;
    const std::size_t elements = model_.facts().shapes[source].elements();
    return ByteView(tensors_[source]).subspan(sample * elements, elements);
}

std::span<std::uint8_t> Evaluator::tensor(std::size_t number, std::size_t sample) {
    const std::size_t elements = model_.facts().shapes[number].elements();
    return std::span(tensors_[number]).subspan(sample * elements, elements);
}

std::span<std::int32_t> Evaluator::logits_of(std::size_t sample) {
    return std::span(logits_).subspan(sample * classes_, classes_);
}

bool Evaluator::is_last(std::size_t layer) const {
    return layer + 1 == model_.model().layers.size();
}

std::uint32_t argmax(std::span<const std::int32_t> logits) {
    POLIS_ASSERT(!logits.empty());
    return static_cast<std::uint32_t>(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace polis::exact
