#pragma once

#include <cstddef>
#include <string>

#include <tools/devnet/devnet.hpp>
#include <tools/devnet/lifecycle.hpp>

/// Nodes that come and go while the devnet runs.
namespace polis::tools::devnet {

struct AddOptions {
    bool validator = false;      ///< also registers it with stake
    bool from_snapshot = false;  ///< begins with a copy of the state instead of all blocks
    std::string version;
    Wait wait;  ///< how long the new node may take to catch up; its height is not looked at
};

/// Starts one more node, waits until it has what the others have, and registers it if asked to.
/// @return its number
[[nodiscard]] Fallible<std::size_t> add_node(
    Devnet& devnet, const AddOptions& options, const Say& say);

/// Ends a node that was added and removes its home. @error a validator of the genesis
[[nodiscard]] Fallible<void> remove_node(Devnet& devnet, std::size_t index, const Say& say);

/// A node that runs, for questions that any node can answer. @error if none does
[[nodiscard]] Fallible<Node> any_running(const Devnet& devnet);

}  // namespace polis::tools::devnet
