#include <node/config/peer_address.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <core/hex.hpp>
#include <core/integer.hpp>

namespace polis::node {

namespace {

constexpr std::size_t kHostBytesMax = 253;  // of a name in the DNS

bool is_name(std::string_view host) {
    return !host.empty() && host.size() <= kHostBytesMax && host.front() != '-' &&
           std::ranges::all_of(host, [](unsigned char letter) {
               return std::isalnum(letter) != 0 || letter == '-' || letter == '.' || letter == '_';
           });
}

/// "1.2.3.4:5", "[::1]:5".
std::string with_port(std::string_view host, std::uint16_t port) {
    const bool v6 = host.find(':') != std::string_view::npos;
    return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

/// Host and port of "host:port"; nothing if it is no such text.
std::optional<PeerAddress> parse_host(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    const auto port = parse_u64(text.substr(colon + 1));
    std::string_view host = text.substr(0, colon);
    if (!port || *port == 0 || *port > UINT16_MAX) {
        return std::nullopt;
    }
    if (!p2p::parse_endpoint(text) && !is_name(host)) {
        return std::nullopt;
    }
    if (host.starts_with('[')) {
        host = host.substr(1, host.size() - 2);
    }
    return PeerAddress{
        .expected = {}, .host = std::string(host), .port = static_cast<std::uint16_t>(*port)};
}

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { ::freeaddrinfo(list); })>;

/// An address of the system as text; nothing for one that is not of the internet.
std::optional<std::string> numeric(const addrinfo& found) {
    std::array<char, NI_MAXHOST> text{};
    const int code = ::getnameinfo(
        found.ai_addr, found.ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
    return code == 0 ? std::optional<std::string>(text.data()) : std::nullopt;
}

}  // namespace

Result<PeerAddress, std::string> parse_peer_address(std::string_view text) {
    const std::size_t at = text.find('@');
    const bool named = at != std::string_view::npos;
    auto out = parse_host(named ? text.substr(at + 1) : text);
    if (!out) {
        return std::unexpected(
            fmt::format("\"{}\" is no address of a node; write ID@host:port or host:port", text));
    }
    if (named) {
        out->expected = fixed_from_hex<p2p::NodeId>(text.substr(0, at));
        if (!out->expected) {
            return std::unexpected(fmt::format(
                "\"{}\" does not begin with a node's id; write 64 hex digits before the @, as the "
                "node prints them when it starts",
                text));
        }
    }
    return *std::move(out);
}

Result<std::vector<p2p::Dial>, std::string> resolve(const PeerAddress& peer) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(peer.host.c_str(), nullptr, &hints, &list);
    const Addresses owner(list);
    std::vector<p2p::Dial> out;
    for (const addrinfo* found = list; found != nullptr; found = found->ai_next) {
        const auto host = numeric(*found);
        const auto endpoint =
            host ? p2p::parse_endpoint(with_port(*host, peer.port)) : std::nullopt;
        if (endpoint) {
            out.push_back({.endpoint = *endpoint, .expected = peer.expected});
        }
    }
    if (out.empty()) {
        return std::unexpected(fmt::format(
            "the name {} has no address ({}); check it and the name service, or write an address",
            peer.host,
            code == 0 ? "none of the internet" : ::gai_strerror(code)));
    }
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
