#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// TARGET/NAME -> content, for frame_fuzz and session_fuzz.
[[nodiscard]] std::map<std::string, Bytes> session_seeds();

}  // namespace polis::fuzz
