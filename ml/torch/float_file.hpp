#pragma once

#include <core/bytes.hpp>
#include <ml/exact/model.hpp>
#include <ml/torch/float_model.hpp>

namespace polis::trainer {

/// A trained network as safetensors with the tensors `layers.I.weight` and `layers.I.bias` of F32
/// and the architecture of exact::architecture_json as metadata. Inputs are bytes divided by 255.
/// For PyTorch; validity never depends on it. Guide: docs/guides/trainer.md.
/// @pre `weights` belongs to `model`
[[nodiscard]] Bytes float_safetensors(const exact::Model& model, const FloatModel& weights);

}  // namespace polis::trainer
