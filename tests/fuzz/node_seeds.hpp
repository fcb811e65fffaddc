#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seeds of validator: TARGET/NAME -> content.
[[nodiscard]] std::map<std::string, Bytes> node_seeds();

}  // namespace polis::fuzz
