#pragma once

#include <cstdint>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/load/drive.hpp>
#include <tools/load/histogram.hpp>

/// From what was seen of each transaction to the figures of a run.
namespace polis::tools::bench {

[[nodiscard]] Spread spread_of(const Histogram& times);

/// When transactions were due.
struct LoadTimes {
    std::vector<std::uint64_t> due_us;  ///< by transaction, ascending
    std::uint64_t load_us = 0;
};

[[nodiscard]] LoadTimes times_of(const std::vector<DueTxn>& load, std::uint64_t seconds);

/// Fills counts, per_second, latency, blocks and the seconds, as far as the client saw them.
/// @pre run.setup is complete
void summarise(const LoadTimes& times, const Driven& seen, Run& run);

/// Adds to each second what a look at the nodes said.
void add_looks(const std::vector<Second>& looks, Run& run);

}  // namespace polis::tools::bench
