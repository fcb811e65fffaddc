#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <core/result.hpp>
#include <node/trainer/child.hpp>

/// Sockets on which trainers come in. Nothing here blocks.
namespace polis::node {

/// A socket in the file system that only this user may reach; a file there is replaced.
/// @error a line for people
[[nodiscard]] Result<Descriptor, std::string> listen_at_path(const std::string& path);

struct BoundDoor {
    Descriptor socket;
    std::string address;  ///< as bound: "127.0.0.1:26680"
};

/// A TCP socket at "127.0.0.1:26680" or "[::1]:26680"; port 0: any free one.
/// @error a line for people
[[nodiscard]] Result<BoundDoor, std::string> listen_at_address(const std::string& address);

struct Visitor {
    Descriptor socket;
    std::string from;  ///< address; empty on a local socket
};

/// Whoever waits at the door, if anybody does.
[[nodiscard]] std::optional<Visitor> accept_at(const Descriptor& door);

}  // namespace polis::node
