#pragma once

#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/random.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/model.hpp>

/// Models and datasets from seeds, for tests, fuzz targets and benchmarks.
namespace polis::exact::tests {

struct ConvSpec {
    std::uint32_t outputs = 1;
    std::uint8_t kernel = 3;
    std::uint8_t stride = 1;
    std::uint8_t pad = 0;
};

/// Adds layers that read the one before, with random int8 weights. Factors are chosen so that
/// results fill the range of activations.
class ModelMaker {
  public:
    ModelMaker(Random& random, Shape input);

    ModelMaker& dense(std::uint32_t outputs, std::uint8_t activation_max = 255);
    ModelMaker& conv(const ConvSpec& spec, std::uint8_t activation_max = 255);
    ModelMaker& pool();
    ModelMaker& add(std::uint16_t other);
    /// The dense layer that gives the logits.
    Model logits(std::uint32_t classes);

    /// The number of the tensor that the next layer reads.
    [[nodiscard]] std::uint16_t next() const {
        return static_cast<std::uint16_t>(model_.layers.size());
    }

    [[nodiscard]] Model& model() { return model_; }

  private:
    struct Numbers {
        std::vector<std::int8_t> weights;
        std::vector<std::int32_t> bias;
        Requantise requantise;
    };

    Numbers numbers(std::uint32_t outputs, std::uint64_t depth, std::uint8_t max);
    void push(Operation operation, Shape shape);

    Random& random_;
    Model model_;
    Shape shape_;  ///< of the tensor that the next layer reads
};

[[nodiscard]] Model mlp(
    Random& random, std::uint32_t inputs, std::uint32_t hidden, std::uint32_t classes);

/// LeNet-5 for [1, 28, 28]: 6 planes 5x5 padded by 2, 16 planes 5x5, 120, 84, classes.
[[nodiscard]] Model lenet(Random& random, std::uint32_t classes);

/// A chain of random layers that admission takes, sometimes with a shortcut.
[[nodiscard]] Model random_model(Random& random);

/// Random pixels and labels. @pre within the limits
[[nodiscard]] Bytes random_dataset(
    Random& random, const Shape& shape, std::uint32_t classes, std::uint32_t count);

}  // namespace polis::exact::tests
