#include <node/config/peer_address.hpp>

#include <optional>

#include <fmt/format.h>

#include <core/hex.hpp>

namespace polis::node {

Result<p2p::Dial, std::string> parse_peer_address(std::string_view text) {
    const std::size_t at = text.find('@');
    p2p::Dial out;
    std::string_view endpoint = text;
    if (at != std::string_view::npos) {
        endpoint = text.substr(at + 1);
        out.expected = fixed_from_hex<p2p::NodeId>(text.substr(0, at));
        if (!out.expected) {
            return std::unexpected(fmt::format(
                "\"{}\" does not begin with a node's id; write 64 hex digits before the @, as the "
                "node prints them when it starts",
                text));
        }
    }
    const auto parsed = p2p::parse_endpoint(endpoint);
    if (!parsed || parsed->port == 0) {
        return std::unexpected(
            fmt::format("\"{}\" is no address of a node; write ID@ip:port or ip:port", text));
    }
    out.endpoint = *parsed;
    return out;
}

std::optional<p2p::Endpoint> parse_listen_address(std::string_view text) {
    constexpr std::string_view kAnyPort = ":0";
    if (!text.ends_with(kAnyPort)) {
        return p2p::parse_endpoint(text);
    }
    auto endpoint = p2p::parse_endpoint(std::string(text.substr(0, text.size() - 1)) + '1');
    if (endpoint) {
        endpoint->port = 0;
    }
    return endpoint;
}

}  // namespace polis::node
