#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <vector>

#include <core/types.hpp>
#include <tools/client/http_client.hpp>
#include <tools/failure.hpp>
#include <tools/load/transactions.hpp>

/// Load on running nodes, in an open loop: transactions are due at times that are fixed before,
/// whatever the nodes do, and every time is taken from when one was due. A stall shows as latency
/// instead of vanishing.
namespace polis::tools {

/// A time that has not come.
inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// A transaction, when it is due after the start, and the node that it goes to while that one runs.
/// Transactions of one sender go to one node, so that their nonces arrive in order.
struct DueTxn {
    SignedTxn txn;
    std::uint64_t at_us = 0;
    std::size_t node = 0;
};

struct DriveOptions {
    std::vector<HttpAddress> nodes;
    std::uint64_t load_us = 0;  ///< until the last transaction was due
    /// Without a new transaction in a final block for so long after the load, those that are open
    /// stay open.
    std::chrono::seconds patience{20};
    /// Called as the first transaction is due, before it is sent; should not take long.
    std::function<void()> at_start = {};
    /// Called once all is final or patience has ended, before anything else is asked of the nodes.
    std::function<void()> at_end = {};
};

struct SeenBlock {
    Height height;
    std::uint64_t view = 0;         ///< in which it was decided
    std::vector<std::size_t> txns;  ///< of the load, by index
};

/// What was seen. Times are microseconds after the start.
struct Driven {
    std::vector<std::uint64_t> accepted_us;  ///< by transaction; a node had taken it in
    std::vector<bool> succeeded;             ///< by transaction, in a final block
    std::vector<bool> failed;
    std::uint64_t refusals = 0;  ///< answers of "not now"; each transaction was sent again
    std::vector<SeenBlock> blocks;
    /// By node: when it was first known to have each height. Nodes that died miss some.
    std::vector<std::map<Height, std::uint64_t>> arrivals;
    std::uint64_t end_us = 0;  ///< when at_end was called

    /// When the rank-th node (1: the first) had the height; kNever if fewer have it.
    [[nodiscard]] std::uint64_t had_by(std::size_t rank, Height height) const;
};

/// Sends everything and waits until it is final.
/// @error the chain could not be read afterwards; what does not become final is none
[[nodiscard]] Fallible<Driven> drive(const DriveOptions& options, std::vector<DueTxn> load);

}  // namespace polis::tools
