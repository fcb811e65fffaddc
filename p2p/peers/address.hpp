#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include <p2p/endpoint.hpp>

/// What an address says about its owner: who can have many of them cheaply.
namespace polis::p2p {

/// Addresses that one attacker is likely to hold together: the /16 of an IPv4 address, the /32 of
/// an IPv6 address. On a local network every address and port is a group of its own.
struct AddressGroup {
    std::array<std::uint8_t, 1 + 16 + 2> bytes{};

    auto operator<=>(const AddressGroup&) const = default;
};

[[nodiscard]] AddressGroup group_of(const Endpoint& endpoint, bool local_network);

/// Loopback, link-local, private and carrier networks: meaningless to a stranger.
[[nodiscard]] bool is_local(const Endpoint& endpoint);

/// A unicast address of the open internet; no documentation, benchmark or tunnel range.
[[nodiscard]] bool is_routable(const Endpoint& endpoint);

/// True if the address may enter the book and be passed on. Ports below kPortMin are refused from
/// the open internet, so that no peer makes us knock at the mail server of a third party.
[[nodiscard]] bool is_acceptable(const Endpoint& endpoint, bool local_network);

inline constexpr std::uint16_t kPortMin = 1024;

}  // namespace polis::p2p
