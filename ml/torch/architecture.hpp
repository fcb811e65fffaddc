#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <ml/exact/model.hpp>
#include <ml/exact/shape.hpp>
#include <ml/protocol/model_spec.hpp>
#include <ml/torch/failure.hpp>

/// From the name of an architecture to its layers. No torch in here.
namespace polis::trainer {

/// A model whose weights and biases are 0, with the limits of ml/exact already proved: what the
/// network is built from and the quantiser fills.
struct Plan {
    exact::Model model;
    exact::ModelFacts facts;
};

/// Kinds that plan() knows, in the order of their size.
[[nodiscard]] std::span<const std::string_view> known_kinds();

/// The layers of an architecture for samples of a shape:
/// - logistic: one dense layer; mlp: dense layers of the hidden widths, then the logits;
/// - lenet: LeCun et al., "Gradient-based learning applied to document recognition", 1998, fig. 2;
///   differs because pooling takes the maximum, activations are ReLU and all maps are connected;
/// - cnn: two convolutions 3x3 of 8 and 16 planes with pools, dense 64;
/// - resnet8: He et al., "Deep Residual Learning", 2016, section 4.2 with n = 1; differs because an
///   addition comes behind the ReLU of its block (activations are unsigned), there is no batch
///   normalisation, and a pool and a dense layer replace the global average.
/// Behind a map, the first convolution of lenet, cnn and resnet8 is one of 8x8 with stride 4, which
/// reads whole patches; what would halve the planes next is left out, and lenet and cnn have more
/// planes. Samples that have no patches, or fewer than 3x3, keep the layers above.
/// @param behind_map the samples pass an exact::Mapping first
/// @error kUnknownArchitecture for a name that is not known, or shapes that do not fit; kBadSpec
[[nodiscard]] Result<Plan, Failure> plan(
    const ModelSpec& spec, const exact::Shape& input, std::uint32_t classes, bool behind_map);

/// Passes over the training samples that suit an architecture.
[[nodiscard]] std::uint32_t usual_epochs(const ModelSpec& spec, std::uint32_t batches);

}  // namespace polis::trainer
