#pragma once

#include <optional>
#include <string>
#include <vector>

#include <core/types.hpp>
#include <node/config/config.hpp>
#include <node/rpc/backend.hpp>

namespace polis::node {

/// Why the node should not get requests yet, one sentence each, for /readyz; empty: it may.
[[nodiscard]] std::vector<std::string> reasons_not_ready(
    const rpc::Snapshot& snapshot,
    const NodeConfig::Consensus& config,
    bool is_validator,
    TimeMs now);

/// How far this clock seems to be off, if by more than blocks may be ahead: compared with the time
/// of a block that was decided while this node watched. A sentence for people.
[[nodiscard]] std::optional<std::string> clock_trouble(
    const rpc::Snapshot& snapshot, const NodeConfig::Consensus& config);

}  // namespace polis::node
