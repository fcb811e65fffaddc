#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tools/devnet/devnet.hpp>

/// What every node of a devnet is at.
namespace polis::tools::devnet {

enum class Health : std::uint8_t {
    kDown,     ///< no process
    kPaused,   ///< stopped with SIGSTOP
    kSilent,   ///< a process that does not answer
    kRunning,  ///< answers
};

[[nodiscard]] std::string_view to_string(Health health);

struct NodeStatus {
    Node node;
    Health health = Health::kDown;
    std::optional<ProcessUsage> usage;

    // Of kRunning only.
    bool ready = false;
    std::vector<std::string> reasons;  ///< why it is not ready
    std::uint64_t height = 0;
    std::string hash;        ///< of the head
    std::string state_root;  ///< after it
    std::uint64_t term = 0;
    std::uint64_t view = 0;
    std::string leader;  ///< address
    std::uint64_t peers = 0;
    std::uint64_t mempool = 0;
    std::uint64_t lag_ms = 0;          ///< since the head moved
    std::string explanation;           ///< the node's own words on what it waits for
    std::vector<std::string> cut_off;  ///< ids of nodes to which a fault lets nothing through
};

/// Asks all nodes at once; a node that does not answer costs at most a second.
[[nodiscard]] std::vector<NodeStatus> status_of(const Devnet& devnet);

[[nodiscard]] Json to_json(const NodeStatus& status);

}  // namespace polis::tools::devnet
