#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include <tools/devnet/devnet.hpp>

/// What would go wrong later, said before anything is started.
namespace polis::tools::devnet {

/// Space that a node needs to begin with.
inline constexpr std::uint64_t kNodeDiskBytes = std::uint64_t{64} << 20;

/// Open files that a node may need: tables, sockets.
inline constexpr std::uint64_t kNodeFilesMin = 1'024;

/// Who listens on a loopback port: "polisd (process 123)"; nothing if it is free.
[[nodiscard]] std::optional<std::string> port_owner(std::uint16_t port);

/// The first block of ports for so many nodes where all are free, from kBasePort on.
/// @error if there is none
[[nodiscard]] Fallible<std::uint16_t> free_ports(std::size_t nodes);

/// A directory that is missing, empty or a devnet's. @error what else it is
[[nodiscard]] Fallible<void> check_home(const std::filesystem::path& home);

/// Program, its version, ports, disk and open files for the nodes that shall be started.
[[nodiscard]] Fallible<void> check_start(
    const Devnet& devnet, std::span<const Node> nodes, const std::string& version);

}  // namespace polis::tools::devnet
