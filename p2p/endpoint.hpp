#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <core/codec/borsh.hpp>

namespace polis::p2p {

/// An IPv6 address, or an IPv4 address mapped into IPv6, and a port.
struct Endpoint {
    std::array<std::uint8_t, 16> address{};
    std::uint16_t port = 0;

    auto operator<=>(const Endpoint&) const = default;
    static constexpr auto kFields = codec::fields(&Endpoint::address, &Endpoint::port);
};

/// Reads "127.0.0.1:26600" or "[::1]:26600". Numeric only: names are resolved by the driver.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);

/// The text that parse_endpoint() reads.
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

}  // namespace polis::p2p
