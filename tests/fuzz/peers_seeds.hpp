#pragma once

#include <map>
#include <string>

#include <core/bytes.hpp>

namespace polis::fuzz {

/// Seeds of peer_exchange, peer_book and blob_messages: TARGET/NAME -> content.
[[nodiscard]] std::map<std::string, Bytes> peers_seeds();

}  // namespace polis::fuzz
