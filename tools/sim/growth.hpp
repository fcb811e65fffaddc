#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include <consensus/quorum.hpp>
#include <tools/sim/result.hpp>
#include <tools/sim/traffic.hpp>

/// What a block costs a network of a given size when nothing goes wrong: every validator has a seat
/// and a connection to every other one.
namespace polis::sim {

/// Processor time of the calling thread so far, in nanoseconds.
using CpuClock = std::function<std::uint64_t()>;

struct GrowthOptions {
    std::size_t nodes = 4;
    std::uint64_t heights = 8;  ///< that count
    std::uint64_t txns_per_second = 100;
    std::uint64_t block_interval_ms = 100;
    std::uint64_t seed = 1;
    /// Read around the steps of nodes and decides nothing; empty: processor time is not measured.
    CpuClock cpu_clock = {};
};

inline constexpr std::size_t kGrowthNodesMax = consensus::kCommitteeMax;

struct Growth {
    std::uint64_t blocks = 0;
    std::uint64_t txns = 0;    ///< in these blocks
    Traffic traffic;           ///< while they came about
    Traffic before;            ///< until then: also how nodes found out who hears whom
    std::uint64_t views = 0;   ///< that failed
    std::uint64_t checks = 0;  ///< signatures and proofs of agreement that the nodes verified
    /// All that the nodes did, without transport, disks and clients: 0 without a clock. Everything
    /// else follows from the options alone.
    std::uint64_t cpu_ns = 0;
    std::uint64_t simulated_ms = 0;
    std::uint64_t memory_bytes_max = 0;  ///< of one node, for messages
    std::optional<Violation> violation;

    bool operator==(const Growth&) const = default;
};

/// @pre 1 <= nodes <= kGrowthNodesMax, heights > 0, txns_per_second > 0
[[nodiscard]] Growth run_growth(const GrowthOptions& options);

}  // namespace polis::sim
