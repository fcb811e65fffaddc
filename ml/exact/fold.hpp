#pragma once

#include <cstdint>
#include <string_view>

#include <core/result.hpp>
#include <ml/exact/mapping.hpp>
#include <ml/exact/model.hpp>

namespace polis::exact {

/// Why a model cannot take its map into its first layer.
enum class FoldError : std::uint8_t {
    kNotFlat,         ///< the map moves values within patches: a convolution sees the places
    kShapeMismatch,   ///< the map is for another number of values
    kNotDense,        ///< something else than a dense layer reads the sample
    kWeightOverflow,  ///< a weight of -128 would have to become 128
    kBiasOverflow,    ///< a bias would leave 32 bits
    kSumOverflow,     ///< admission refuses the folded model: a sum could leave 32 bits
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(FoldError error);

/// The model that gives, without a map, what `model` gives behind `mapping`: the same sums, hence
/// the same logits, bit for bit. In every dense layer that reads the sample the columns change
/// places, and where the map inverts,
///     w * (255 - x) = 255 w - w x
/// turns the weight's sign and adds 255 w to the bias.
/// @param mapping of the kind kFlat. @error every FoldError
[[nodiscard]] Result<AdmittedModel, FoldError> fold(
    const AdmittedModel& model, const Mapping& mapping);

}  // namespace polis::exact
