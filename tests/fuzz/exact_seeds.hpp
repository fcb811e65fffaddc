#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seeds of model, dataset and safetensors: TARGET/NAME -> content.
[[nodiscard]] std::map<std::string, Bytes> exact_seeds();

}  // namespace polis::fuzz
