#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <tools/devnet/devnet.hpp>
#include <tools/devnet/lifecycle.hpp>

/// Copies of a whole devnet, and the ways back.
///
/// Going back makes a node forget votes that it has sent, which on another network is how honest
/// validators come to sign twice. Here all nodes go back together and nobody else has their
/// messages, so nothing that was voted before can meet what is voted after.
namespace polis::tools::devnet {

struct SnapshotRow {
    std::string name;
    std::uint64_t bytes = 0;
    std::int64_t age_s = 0;
};

/// @error a name that is no file name, or is taken; no space
/// @post every node that did run runs again
[[nodiscard]] Fallible<void> take_snapshot(
    Devnet& devnet, const std::string& name, const std::string& version, const Say& say);

/// Puts all nodes back to where the snapshot was taken; nodes that were added later are gone.
[[nodiscard]] Fallible<void> revert(
    Devnet& devnet, const std::string& name, const std::string& version, const Say& say);

[[nodiscard]] Fallible<std::vector<SnapshotRow>> list_snapshots(const Devnet& devnet);

/// Ends all nodes and removes the chain, the logs and the added nodes; snapshots stay.
/// @param manifest also removes devnet.toml and the snapshots, which follow from it
[[nodiscard]] Fallible<void> reset(Devnet& devnet, bool manifest, const Say& say);

}  // namespace polis::tools::devnet
