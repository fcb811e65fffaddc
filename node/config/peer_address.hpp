#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <p2p/peers.hpp>

namespace polis::node {

/// Reads "ID@ip:port", ID being 64 hexadecimal digits with or without 0x, or "ip:port".
/// @error one line with cause and cure
[[nodiscard]] Result<p2p::Dial, std::string> parse_peer_address(std::string_view text);

/// Reads an address to listen on, whose port may be 0: any free one.
[[nodiscard]] std::optional<p2p::Endpoint> parse_listen_address(std::string_view text);

}  // namespace polis::node
