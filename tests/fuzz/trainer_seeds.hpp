#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seeds of trainer_messages and data_files: TARGET/NAME -> content.
[[nodiscard]] std::map<std::string, Bytes> trainer_seeds();

}  // namespace polis::fuzz
