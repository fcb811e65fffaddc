#pragma once

#include <optional>
#include <span>
#include <string>

#include <tools/devnet/status.hpp>

namespace polis::tools::devnet {

/// Why no block can be final, or why none has been for long, in one sentence with what to do; or
/// nothing if all is well. The validators of the genesis have equal stake.
[[nodiscard]] std::optional<std::string> explain_stall(
    std::span<const NodeStatus> nodes, std::uint64_t block_interval_ms);

}  // namespace polis::tools::devnet
