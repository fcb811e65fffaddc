#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <tools/devnet/lifecycle.hpp>
#include <tools/failure.hpp>
#include <tools/lab/statistics.hpp>

/// How steadily real nodes make blocks: with seats that rotate, with seats that are earned, and
/// while every one of them has a trainer at work on the same machine.
namespace polis::tools::lab {

struct IntervalOptions {
    std::filesystem::path folder;  ///< for the homes of the devnets
    std::string polisd;            ///< empty: beside this program
    std::string version;
    std::size_t nodes = 4;
    std::uint16_t base_port = 0;  ///< 0: free ones
    std::uint64_t block_interval_ms = 250;
    std::chrono::seconds each{12};  ///< how long each network is watched
    std::uint64_t seed = 1;         ///< of the task's data
};

struct BlockPace {
    std::string what;
    Summary interval_ms;      ///< between the times in the headers of neighbours
    std::uint64_t views = 0;  ///< that were given up because their proposer was late
    /// Processor time of all trainers and of the whole machine, thousandths of a core.
    std::uint64_t trainers_mcores = 0;
    std::uint64_t machine_mcores = 0;
};

/// Rotation, then PoLe without a task, then PoLe while all train: one after the other, so that each
/// has the machine for itself.
/// @error a devnet that does not come up, a round that does not open
[[nodiscard]] Fallible<std::vector<BlockPace>> measure_intervals(
    const IntervalOptions& options, const devnet::Say& say);

}  // namespace polis::tools::lab
