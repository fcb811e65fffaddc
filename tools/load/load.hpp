#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <core/types.hpp>
#include <tools/client/http_client.hpp>
#include <tools/failure.hpp>
#include <tools/load/histogram.hpp>

namespace polis::tools {

struct LoadOptions {
    std::vector<HttpAddress> nodes;  ///< each gets an equal part, over a connection of its own
    std::string seed;                ///< of the devnet's accounts
    std::uint64_t rate = 1'000;      ///< transfers a second over all nodes
    std::uint64_t seconds = 10;
    std::size_t accounts = 400;  ///< senders: a pool takes only so many transfers of one
    std::uint64_t random_seed = 1;
    std::function<void(std::string_view)> say;  ///< progress, one line each
};

struct LoadResult {
    std::uint64_t offered = 0;       ///< transfers that were due within the time
    std::uint64_t finalized = 0;     ///< of those, also after the time
    std::uint64_t in_time = 0;       ///< finalized before the last one was due
    std::uint64_t unfinished = 0;    ///< not finalized when patience ended
    std::uint64_t refusals = 0;      ///< answers of "not now"; each transfer is sent again
    std::uint64_t blocks = 0;        ///< finalized meanwhile
    std::uint64_t pause_us_max = 0;  ///< longest time between two blocks that held some
    Histogram latency_us;            ///< from when one was due until the first node had it final
};

/// Sends transfers to running nodes of a development network and counts what becomes final.
///
/// Open loop: transfers are due at a fixed rate, whatever the nodes do, and a latency counts from
/// that moment; a stall shows as latency instead of vanishing. All transfers are signed before the
/// load begins. Funds its own accounts from the devnet's.
/// @error one line with cause and cure
[[nodiscard]] Fallible<LoadResult> run_load(const LoadOptions& options);

}  // namespace polis::tools
