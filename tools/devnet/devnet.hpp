#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/file_descriptor.hpp>
#include <core/types.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/devnet/manifest.hpp>
#include <tools/devnet/process.hpp>
#include <tools/failure.hpp>

/// A devnet on disk:
///   devnet.toml  what it is made from         genesis.toml  the same for every node
///   devnet.json  ports, keys, processes       node-0/ ...   homes of polisd
///   devnet.lock  one command at a time        snapshots/    copies of all homes
namespace polis::tools::devnet {

struct Node {
    std::size_t index = 0;
    bool validator = true;  ///< of the genesis; false: added later
    std::string id;         ///< 0x..., the public identity
    std::uint16_t p2p_port = 0;
    std::uint16_t rpc_port = 0;
    std::uint16_t admin_port = 0;
    ProcessId process;

    bool operator==(const Node&) const = default;
};

struct Devnet {
    std::filesystem::path home;  ///< absolute
    std::string polisd;          ///< path of the program
    Manifest manifest;
    std::vector<Node> nodes;  ///< sorted by index; holes after rm-node

    bool operator==(const Devnet&) const = default;
};

/// Where a devnet is: --home, $POLIS_DEVNET, this directory if it is one's home, or ./devnet.
[[nodiscard]] std::filesystem::path home_of(const std::string& option);

/// The devnet.json text; parse_state() reads it back.
[[nodiscard]] std::string to_state(const Devnet& devnet);
/// @error damage, or another version of the format
[[nodiscard]] Fallible<Devnet> parse_state(
    std::string_view text, const std::filesystem::path& home);

/// Reads devnet.json. @error that there is no devnet, and how to make one
[[nodiscard]] Fallible<Devnet> load(const std::filesystem::path& home);

/// Writes devnet.json, whole or not at all.
[[nodiscard]] Fallible<void> save(const Devnet& devnet);

/// The devnet of this directory, if there is one: for commands that merely would like to know.
[[nodiscard]] std::optional<Devnet> find();

/// Held by commands that change a devnet. @error if another one does at this moment
[[nodiscard]] Fallible<FileDescriptor> lock(const std::filesystem::path& home);

[[nodiscard]] std::filesystem::path node_home(const Devnet& devnet, const Node& node);
[[nodiscard]] std::filesystem::path log_file(const Devnet& devnet, const Node& node);
[[nodiscard]] ProcessState state_of(const Devnet& devnet, const Node& node);

/// The node of this number. @error that there is none, and which there are
[[nodiscard]] Fallible<std::size_t> position_of(const Devnet& devnet, std::size_t index);

/// Makes a node's record: its ports and identity follow from the manifest and the number.
[[nodiscard]] Node make_node(const Manifest& manifest, std::size_t index, bool validator);

[[nodiscard]] HttpAddress rpc_address(const Node& node);
[[nodiscard]] RpcClient rpc_client(const Node& node, std::chrono::milliseconds timeout);

/// With the token of the node's home. @error if it cannot be read
[[nodiscard]] Fallible<RpcClient> admin_client(const Devnet& devnet, const Node& node);

/// A whole small file. @error for a person
[[nodiscard]] Fallible<std::string> read_file(const std::filesystem::path& file);

/// Replaces a file: a reader sees the old text or the new one.
[[nodiscard]] Fallible<void> write_file(const std::filesystem::path& file, std::string_view text);

}  // namespace polis::tools::devnet
