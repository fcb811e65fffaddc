#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include <core/random.hpp>
#include <tools/sim/network.hpp>

namespace polis::sim {

/// How a network falls apart.
enum class Partition : std::uint8_t {
    kIsolated,    ///< one node hears nobody and nobody hears it
    kDeaf,        ///< one node hears nobody, but is heard
    kMute,        ///< one node is heard by nobody, but hears
    kSplit,       ///< two groups
    kOneWay,      ///< two groups; one of them is heard by the other
    kBridge,      ///< two groups that only one node connects
    kRandomLinks  ///< each direction of each link for itself
};

inline constexpr Partition kPartitionLast = Partition::kRandomLinks;

std::string_view to_string(Partition partition);

/// The links that such a partition of `nodes` nodes cuts; who is in which group is drawn.
[[nodiscard]] std::set<Link> cut_links(Partition partition, std::size_t nodes, Random& random);

}  // namespace polis::sim
