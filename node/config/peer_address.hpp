#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>
#include <p2p/peers.hpp>

namespace polis::node {

/// A node as a person names it.
struct PeerAddress {
    std::optional<p2p::NodeId> expected;  ///< who must answer; nothing: whoever does
    std::string host;                     ///< an IP address or a name
    std::uint16_t port = 0;
};

/// Reads "ID@host:port", ID being 64 hexadecimal digits with or without 0x, or "host:port".
/// @error one line with cause and cure
[[nodiscard]] Result<PeerAddress, std::string> parse_peer_address(std::string_view text);

/// Where the node can be dialled: every address that its name has. Asks the system, which may take
/// seconds. @error the name has no address: one line with cause and cure
[[nodiscard]] Result<std::vector<p2p::Dial>, std::string> resolve(const PeerAddress& peer);

/// Reads an address to listen on, whose port may be 0: any free one.
[[nodiscard]] std::optional<p2p::Endpoint> parse_listen_address(std::string_view text);

}  // namespace polis::node
