#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seeds of vm_decode and vm_diff: TARGET/NAME -> content.
[[nodiscard]] std::map<std::string, Bytes> vm_seeds();

}  // namespace polis::fuzz
