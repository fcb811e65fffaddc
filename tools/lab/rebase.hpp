#pragma once

#include <cstdint>
#include <string_view>

#include <core/result.hpp>
#include <ml/exact/mapping.hpp>
#include <ml/exact/model.hpp>

/// What a thief does who read mechanisms.md, I: W1 Z_A x = (W1 Z_A Z_B^-1) Z_B x.
namespace polis::tools::lab {

/// Why a model cannot be brought behind another map by changing its first layer.
enum class RebaseError : std::uint8_t {
    kNotWeighted,     ///< something else than a dense layer or a convolution reads the sample
    kPatchesDivided,  ///< a kernel that does not consist of whole patches, or a border
    kWeightTooLow,    ///< a weight of -128 has no opposite in int8
    kNotAdmitted,     ///< the new biases break a limit of models
};

[[nodiscard]] std::string_view to_string(RebaseError error);

/// The model that gives behind `to` the very logits that `model` gives behind `from`: its first
/// weights change places and signs as the pixels do. It costs nothing and needs no training.
/// @pre both maps are of the kind and shape of the model's input
/// @error every RebaseError
[[nodiscard]] Result<exact::AdmittedModel, RebaseError> rebase(
    const exact::AdmittedModel& model, const exact::Mapping& from, const exact::Mapping& to);

}  // namespace polis::tools::lab
