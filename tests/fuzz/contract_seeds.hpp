#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// TARGET/NAME -> content, for abi_fuzz.
[[nodiscard]] std::map<std::string, Bytes> contract_seeds();

}  // namespace polis::fuzz
