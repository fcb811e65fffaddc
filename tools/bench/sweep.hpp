#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/failure.hpp>

/// What a network can bear: the knee is the highest rate that it keeps up with.
namespace polis::tools::bench {

/// A network keeps up if so much of what was due is final in time ...
inline constexpr std::uint64_t kInTimeBps = 9'500;
/// ... leaving out what was due in the last moments, which no network could have made final ...
inline constexpr std::uint64_t kLastMomentsUs = 200'000;
/// ... and a quorum has nearly all of it final after at most this time.
inline constexpr std::uint64_t kQuorumP99UsMax = 2'000'000;

struct KneeOptions {
    std::uint64_t from = 1'000;        ///< transactions a second of the first load
    std::uint64_t rate_min = 10;       ///< a network that fails here has no knee
    std::uint64_t rate_max = 200'000;  ///< beyond it nothing is tried
    std::uint64_t precision_bps = 500;
    /// Loads that must fail before a rate counts as too high: a busy machine fails by chance.
    std::uint64_t attempts = 2;
};

/// Which rate to try next: twice the last one until one fails, then the middle of what is left.
/// Makes no load itself.
class KneeSearch {
  public:
    /// @pre 0 < rate_min <= from <= rate_max, attempts > 0
    explicit KneeSearch(const KneeOptions& options);

    /// Nothing when the knee is known as exactly as was asked for.
    [[nodiscard]] std::optional<std::uint64_t> next() const;

    /// How the load of next() went. @pre next()
    void record(bool kept_up);

    /// The highest rate that was kept up with; nothing if there was none.
    [[nodiscard]] std::optional<std::uint64_t> knee() const { return low_; }

  private:
    const KneeOptions options_;
    std::optional<std::uint64_t> low_;   ///< the highest rate that was kept up with
    std::optional<std::uint64_t> high_;  ///< the lowest one that was not
    std::uint64_t failures_ = 0;         ///< of next()
};

struct KeepingUp {
    bool kept_up = false;
    std::string why;  ///< one line: "98 % final in time, p99 at a quorum 340 ms"
};

[[nodiscard]] KeepingUp keeps_up(const Run& run);

struct Knee {
    std::uint64_t per_s = 0;
    std::vector<Run> runs;  ///< in the order in which they were made
};

/// Loads a network at a rate. @error as measure()
using LoadAt = std::function<Fallible<Run>(std::uint64_t rate)>;

/// Searches with real loads. Each of them should find a network without a backlog.
/// @error that of a load; that the network does not keep up with anything
[[nodiscard]] Fallible<Knee> find_knee(
    const KneeOptions& options,
    const LoadAt& load,
    const std::function<void(std::string_view line)>& say);

struct SweepOptions {
    std::vector<std::size_t> nodes = {4};
    std::vector<std::string> workloads = {"transfer"};
    KneeOptions knee;
    /// Networks of at most so many nodes are judged: beyond it they share processors, and what is
    /// measured is the machine.
    std::size_t judged_nodes_max = 4;
};

/// One load of a sweep.
struct SweepPoint {
    std::size_t nodes = 0;
    std::string workload;
    std::uint64_t rate = 0;
    bool rate_found = false;  ///< follows from the knee
    std::string name;
};

using LoadPoint = std::function<Fallible<Run>(const SweepPoint& point)>;

/// Share of the knee at which latency is looked at, and the bound of its p99.
inline constexpr std::uint64_t kCalmPercent = 70;
inline constexpr std::uint64_t kCalmP99UsMax = 500'000;
/// What a transfer may cost at the knee, in verifications of its signature by every node. Below
/// it what a block costs weighs more.
inline constexpr double kKneeFloorRatioMax = 1.6;
/// What is offered to see whether a network collapses, and what it must still do.
inline constexpr std::uint64_t kOverloadTimes = 3;
inline constexpr std::uint64_t kOverloadPeakPercent = 80;
inline constexpr std::uint64_t kResidentBytesMax = std::uint64_t{1} << 30;  ///< of a node then

/// The knee of every workload on every number of nodes, and what a transfer costs there; then a
/// load below it, whose latency counts, and one far above it, whose throughput counts.
/// @error that of a load
[[nodiscard]] Fallible<Report> sweep(
    const SweepOptions& options,
    const LoadPoint& load,
    const std::function<void(std::string_view line)>& say);

/// What a transaction costs as networks grow.
struct Growth {
    std::string workload;
    std::uint64_t nodes = 0;
    std::uint64_t rate = 0;
    double cpu_us = 0;          ///< of all nodes, for one finalized transaction
    double floor_ratio = 0;     ///< Floor::ratio
    double messages = 0;        ///< between nodes, for one finalized transaction
    double bytes = 0;           ///< the same
    double block_messages = 0;  ///< for one block
};

/// One row for each calm load of a sweep, in its order.
[[nodiscard]] std::vector<Growth> growth_of(const Report& report);

}  // namespace polis::tools::bench
