#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <core/types.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

namespace polis::tools {

/// How many blocks a node proposed.
struct LeaderRow {
    std::size_t node = 0;
    std::uint64_t in_turn = 0;          ///< in terms without a ranking
    std::vector<std::uint64_t> ranked;  ///< in the terms that each round ranked
};

/// Reads every header of the chain. @param settled heights at which rounds were settled, ascending
/// @return a row for each validator of the devnet's genesis
[[nodiscard]] Fallible<std::vector<LeaderRow>> count_leaders(
    RpcClient& client, const devnet::Devnet& devnet, const std::vector<Height>& settled);

}  // namespace polis::tools
