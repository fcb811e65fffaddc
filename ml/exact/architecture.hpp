#pragma once

#include <string_view>

#include <core/result.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/safetensors.hpp>

namespace polis::exact {

/// The model that architecture_json describes, without weights, biases, multipliers and shifts.
/// @error kBadArchitecture for any other JSON and for values that their fields cannot hold;
///     kBadJson, kDuplicateName
[[nodiscard]] Result<Model, SafetensorsError> parse_architecture(std::string_view text);

}  // namespace polis::exact
