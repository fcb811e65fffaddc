#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <p2p/faults.hpp>
#include <tools/devnet/devnet.hpp>

/// Bad networks between the nodes of a devnet: each node holds back, loses or cuts what it sends,
/// on orders that come to its admin port. They end with the node's process.
namespace polis::tools::devnet {

/// Which links: from `from` to `to`; nothing stands for every node.
struct Links {
    std::optional<std::size_t> from;
    std::optional<std::size_t> to;
};

/// What to change; what is silent stays as it is.
struct FaultChange {
    std::optional<std::uint64_t> latency_ms;
    std::optional<std::uint64_t> jitter_ms;
    std::optional<std::uint32_t> loss_ppm;
    std::optional<std::uint64_t> bytes_per_s;
    std::optional<bool> cut;
};

struct Fault {
    std::size_t from = 0;
    std::size_t to = 0;
    p2p::LinkFaults what;
};

/// Changes the links of all running nodes. @return how many links
/// @error no such node, a node that does not answer
[[nodiscard]] Fallible<std::size_t> change_faults(
    const Devnet& devnet, const Links& links, const FaultChange& change);

/// Reads "0,1/2,3". @error a word that is no number, a node twice, fewer than two groups
[[nodiscard]] Fallible<std::vector<std::vector<std::size_t>>> parse_groups(std::string_view text);

/// Cuts every link between different groups; nodes that are not named form a group of their own.
[[nodiscard]] Fallible<std::size_t> partition(
    const Devnet& devnet, const std::vector<std::vector<std::size_t>>& groups);

[[nodiscard]] Fallible<void> clear_faults(const Devnet& devnet);

/// The faults of all running nodes.
[[nodiscard]] Fallible<std::vector<Fault>> list_faults(const Devnet& devnet);

}  // namespace polis::tools::devnet
