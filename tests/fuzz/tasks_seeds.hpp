#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seeds of learning tasks for the targets sealed, transaction and records: TARGET/NAME -> content.
[[nodiscard]] std::map<std::string, Bytes> tasks_seeds();

}  // namespace polis::fuzz
