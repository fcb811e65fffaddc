#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seed inputs of consensus_fuzz, name -> content: one of each kind of message, fact and proof,
/// truly signed by a committee of four.
[[nodiscard]] std::map<std::string, Bytes> consensus_seeds();

}  // namespace polis::fuzz
