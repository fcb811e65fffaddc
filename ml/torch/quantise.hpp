#pragma once

#include <vector>

#include <ml/exact/model.hpp>
#include <ml/torch/architecture.hpp>
#include <ml/torch/failure.hpp>
#include <ml/torch/float_model.hpp>

namespace polis::trainer {

/// Turns a trained network into an integer model. No torch in here.
///
/// Weights: q = rint(w / s_w) in [-127, 127], s_w for each output. Activations: unsigned, scale
/// s_y = largest / 255, zero point 0; samples have 1/255. Biases in units of s_w * s_x. Factors
/// s_w * s_x / s_y as multiplier / 2^shift with 31 bits; the logits get one scale, 2^-16.
/// Source: Jacob et al., 2018, section 2; mechanisms.md D.
///
/// @param largest of every tensor of the plan over the calibration samples; [0] is not used
/// @error kDiverged for weights that are not finite or leave the range of ml/exact
[[nodiscard]] Result<exact::AdmittedModel, Failure> quantise(
    const Plan& plan, const FloatModel& weights, const std::vector<float>& largest);

}  // namespace polis::trainer
