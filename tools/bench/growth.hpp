#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/failure.hpp>

/// What a block costs as networks grow: real ones as far as the machine goes, simulated ones
/// beyond.
namespace polis::tools::bench {

struct GrowthPlan {
    std::vector<std::size_t> nodes;      ///< of real networks
    std::vector<std::size_t> simulated;  ///< of simulated ones
    std::uint64_t rate = 100;            ///< transactions a second, the same everywhere
    std::uint64_t heights = 8;           ///< of simulated networks, that count
    std::uint64_t block_interval_ms = 100;
    std::uint64_t random_seed = 1;
};

/// Loads a network of that size at the plan's rate. @error as measure()
using LoadSize = std::function<Fallible<Run>(std::size_t nodes)>;

/// Real networks first, then simulated ones, then what both must show.
/// @error that of a load
[[nodiscard]] Fallible<Report> measure_growth(
    const GrowthPlan& plan,
    const LoadSize& load,
    const std::function<void(std::string_view line)>& say);

/// What one block took, of all nodes together.
struct BlockCost {
    bool simulated = false;
    std::uint64_t nodes = 0;
    std::uint64_t blocks = 0;
    double txns = 0;
    double messages = 0;  ///< one for each receiver
    double bytes = 0;
    double cpu_us = 0;
};

/// Real networks, then simulated ones, each in the order of the report. None without blocks.
[[nodiscard]] std::vector<BlockCost> block_costs(const Report& report);

/// As which power of the pairs of nodes messages may grow. Above 1 stands what rounding, batches
/// and the edges of what is counted add; the vote of everybody to everybody is exactly 1.
inline constexpr double kPairsPowerMax = 1.1;

/// Between the smallest and the largest simulated network: as which power of n (n - 1) the messages
/// of a block grow. Those of transactions are judged apart, since they follow the rate.
/// None for less than two sizes of at least two nodes.
[[nodiscard]] std::vector<Check> growth_checks(const std::vector<Simulated>& simulated);

}  // namespace polis::tools::bench
