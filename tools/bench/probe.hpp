#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>
#include <tools/failure.hpp>

/// What the nodes take of the machine and where their time goes, read from /proc and from their
/// metrics: two readings, and the difference between them.
namespace polis::tools::bench {

/// One node at one moment.
struct Reading {
    std::uint64_t node = 0;
    bool alive = false;         ///< the process runs and answers
    std::uint64_t started = 0;  ///< when it began: tells the process of a restarted node
    std::uint64_t user_us = 0;  ///< since the process began
    std::uint64_t system_us = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t resident_bytes_max = 0;
    std::uint64_t disk_written_bytes = 0;
    /// Samples of /metrics by name with labels, as the page has them.
    std::map<std::string, double> metrics;
};

/// Samples of a page in Prometheus' text format; lines that are none are left out, and so are
/// values that are no finite numbers. Of samples with the same name the last one counts.
[[nodiscard]] std::map<std::string, double> parse_metrics(std::string_view page);

/// /proc of one process, without metrics; nothing if it has ended.
[[nodiscard]] std::optional<Reading> read_process(pid_t pid);

/// All nodes at once, with their metrics. A node that does not answer has alive = false; one that
/// has ended is not asked, one that hangs is waited for two seconds.
[[nodiscard]] std::vector<Reading> read_nodes(const devnet::Devnet& devnet);

/// What the nodes took between two readings, one for each of `after`. Counters of a process that
/// was started in between began again, so only what it took since then is known.
[[nodiscard]] std::vector<NodeUse> use_between(
    const std::vector<Reading>& before, const std::vector<Reading>& after);

/// The stages of all nodes together between two readings, in the order of a transaction's way: all
/// of node::kStageTexts. Counts and means are exact, up to a microsecond for each; percentiles lie
/// in the right bucket of node::TimeHistogram, at most a quarter off; the maximum is the end of the
/// last bucket with anything in it.
[[nodiscard]] std::vector<Stage> stages_between(
    const std::vector<Reading>& before, const std::vector<Reading>& after);

/// Where this runs, now. @param version of polis
[[nodiscard]] Machine this_machine(const std::string& version);

}  // namespace polis::tools::bench
