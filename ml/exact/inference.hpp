#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <core/bytes.hpp>
#include <ml/exact/aligned.hpp>
#include <ml/exact/kernels.hpp>
#include <ml/exact/model.hpp>

namespace polis::exact {

/// Evaluates one admitted model. The memory of all samples is set aside once, at construction.
/// One thread at a time; threads that share a model have an evaluator each.
class Evaluator {
  public:
    /// Every choice of kernel gives the same bits. @pre the processor has the chosen kernel
    explicit Evaluator(const AdmittedModel& model, Kernel kernel = Kernel::kBest);

    /// The logits of one sample, Q15.16, [classes]; valid until the next call.
    /// @param sample u8 [C, H, W], already behind the owner's Mapping. @pre as many values as the
    ///     model's input. Cost: facts().multiply_adds.
    [[nodiscard]] std::span<const std::int32_t> logits(ByteView sample);

    /// The logits of several samples, batch() at a time: dense layers then use each weight that
    /// they load for several of them. @pre samples.size() is a multiple n of the input, and
    /// out.size() == n * classes()
    void logits(ByteView samples, std::span<std::int32_t> out);

    /// Samples that are evaluated side by side: fewer where activations are large.
    [[nodiscard]] std::size_t batch() const { return batch_; }

    [[nodiscard]] const AdmittedModel& model() const { return model_; }

    [[nodiscard]] std::size_t inputs() const { return inputs_; }

    [[nodiscard]] std::size_t classes() const { return classes_; }

  private:
    /// Weights as the kernels read them: int16, rows padded with zeros.
    struct Packed {
        AlignedValues weights;  ///< [outputs, depth]
        std::size_t depth = 0;  ///< padded
    };

    /// The logits of up to batch() samples, [n, classes].
    [[nodiscard]] std::span<const std::int32_t> evaluate(ByteView samples);

    /// Packs the weights of the layer that was added last.
    void pack(const std::vector<std::int8_t>& weights, std::size_t outputs);
    void grow(std::size_t row_values, std::size_t sums);

    /// All samples of the batch at once.
    void run_batch(std::size_t layer, const Dense& dense);
    /// One after the other.
    void run_batch(std::size_t layer, const auto& operation);
    void run(std::size_t layer, std::size_t sample, const Conv2d& conv);
    void run(std::size_t layer, std::size_t sample, const MaxPool2x2& pool);
    void run(std::size_t layer, std::size_t sample, const Add& add);

    /// Sums of products of the first `rows` of rows_, [rows, outputs].
    std::span<const std::int32_t> multiply(
        const Packed& packed, std::size_t rows, std::size_t outputs);
    /// What a layer reads of the sample with this number in the batch.
    [[nodiscard]] ByteView source_of(std::size_t layer, std::size_t sample) const;
    [[nodiscard]] std::span<std::uint8_t> tensor(std::size_t number, std::size_t sample);
    [[nodiscard]] std::span<std::int32_t> logits_of(std::size_t sample);
    [[nodiscard]] bool is_last(std::size_t layer) const;

    // Constant after construction.
    AdmittedModel model_;
    const Kernels* kernels_;
    std::size_t inputs_ = 0;
    std::size_t classes_ = 0;
    std::size_t batch_ = 1;
    std::vector<Packed> packed_;  ///< by layer; empty for those without weights

    // Scratch.
    std::size_t count_ = 0;             ///< samples in the batch at hand
    std::vector<Bytes> tensors_;        ///< the samples, then the results of each hidden layer
    std::vector<std::int16_t> planes_;  ///< input of a convolution with its border
    AlignedValues rows_;                ///< inputs as the kernels read them
    std::vector<std::int32_t> sums_;
    std::vector<std::int32_t> logits_;
};

/// The class of the largest logit, the lowest index among equals. @pre not empty
[[nodiscard]] std::uint32_t argmax(std::span<const std::int32_t> logits);

}  // namespace polis::exact
