#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <core/bytes.hpp>
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

    /// The logits of several samples. @pre samples.size() is a multiple n of the input, and
    /// out.size() == n * classes()
    void logits(ByteView samples, std::span<std::int32_t> out);

    [[nodiscard]] const AdmittedModel& model() const { return model_; }

    [[nodiscard]] std::size_t inputs() const { return inputs_; }

    [[nodiscard]] std::size_t classes() const { return classes_; }

  private:
    /// Weights as the kernels read them: int16, rows padded with zeros.
    struct Packed {
        std::vector<std::int16_t> weights;  ///< [outputs, depth]
        std::size_t depth = 0;              ///< padded
    };

    /// Packs the weights of the layer that was added last.
    void pack(const std::vector<std::int8_t>& weights, std::size_t outputs);
    void grow(std::size_t row_values, std::size_t sums);

    void run(std::size_t layer, const Dense& dense);
    void run(std::size_t layer, const Conv2d& conv);
    void run(std::size_t layer, const MaxPool2x2& pool);
    void run(std::size_t layer, const Add& add);

    /// Sums of products of the first `rows` of rows_, [rows, outputs].
    std::span<const std::int32_t> multiply(
        const Packed& packed, std::size_t rows, std::size_t outputs);
    [[nodiscard]] const Bytes& source_of(std::size_t layer) const;
    [[nodiscard]] bool is_last(std::size_t layer) const;

    // Constant after construction.
    AdmittedModel model_;
    const Kernels* kernels_;
    std::size_t inputs_ = 0;
    std::size_t classes_ = 0;
    std::vector<Packed> packed_;  ///< by layer; empty for those without weights

    // Scratch.
    std::vector<Bytes> tensors_;        ///< the sample, then the result of each hidden layer
    std::vector<std::int16_t> planes_;  ///< input of a convolution with its border
    std::vector<std::int16_t> rows_;    ///< inputs as the kernels read them
    std::vector<std::int32_t> sums_;
    std::vector<std::int32_t> logits_;
};

/// The class of the largest logit, the lowest index among equals. @pre not empty
[[nodiscard]] std::uint32_t argmax(std::span<const std::int32_t> logits);

}  // namespace polis::exact
