#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <tools/sim/options.hpp>
#include <tools/sim/result.hpp>

namespace polis::sim {

/// Many runs with consecutive seeds.
struct CampaignOptions {
    Options options;
    std::uint64_t first_seed = 1;
    std::uint64_t seeds = 100;
    std::size_t jobs = 1;  ///< runs at a time, each on a thread
    bool stops_at_violation = false;
};

struct FailedCase {
    Case run;
    Violation violation;

    bool operator==(const FailedCase&) const = default;
};

struct CampaignResult {
    std::uint64_t runs = 0;
    std::uint64_t heights = 0;
    std::uint64_t messages = 0;
    std::uint64_t restarts = 0;
    std::uint64_t facts = 0;
    std::uint64_t rounds = 0;
    SchoolTally school;
    std::uint64_t accusations = 0;
    std::uint64_t forks = 0;
    std::uint64_t simulated_ms = 0;
    std::uint64_t memory_bytes_max = 0;
    std::vector<std::uint64_t> recovery_views;  ///< of each run that recovered, sorted
    std::vector<FailedCase> failures;           ///< by seed
    std::uint64_t worst_seed = 0;               ///< needed the most views to recover

    /// The smallest count that at least `percent` % of the runs did not exceed; 0 without runs.
    [[nodiscard]] std::uint64_t recovery_percentile(std::uint64_t percent) const;
};

/// Called after each run with the number that are done; never by two threads at once.
using CampaignProgress = std::function<void(std::uint64_t done)>;

/// The result does not depend on `jobs`, unless the campaign stops at a violation.
[[nodiscard]] CampaignResult run_campaign(
    const CampaignOptions& options, const CampaignProgress& progress);

/// Tries seeds 1, 2, ... until one breaks a promise. For proving that a bug would be found.
[[nodiscard]] std::optional<FailedCase> find_first_failing_seed(
    const Options& options, std::uint64_t seeds_max);

/// From now on a failed assertion or a crash of the program names the case of its thread on
/// standard error.
void name_case_on_abort();

}  // namespace polis::sim
