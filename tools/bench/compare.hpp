#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tools/bench/bootstrap.hpp>
#include <tools/bench/result.hpp>

/// What became worse between two reports, and how sure that is. docs/formats/bench.md
namespace polis::tools::bench {

/// A run begins with a network that is not warm yet: so much of it is left out.
inline constexpr std::uint64_t kWarmUpSeconds = 2;

inline constexpr double kLimitPercent = 10;  ///< unless asked otherwise

/// What is said of one figure.
enum class Judgement : std::uint8_t {
    kFine,        ///< the whole interval is within the limit
    kNotCertain,  ///< the limit lies within the interval
    kRegression,  ///< the whole interval is beyond the limit
    kNotJudged,   ///< too few seconds, or no such figure
};

[[nodiscard]] std::string_view to_text(Judgement judgement);

/// One figure of the steady parts of two runs.
struct Difference {
    std::string figure;  ///< "finalized_per_s", "p50_us", "p99_us", "cpu_us_per_txn"
    double before = 0;
    double after = 0;
    std::optional<Change> change;  ///< nothing: not judged
    Judgement judgement = Judgement::kNotJudged;
};

/// Runs of one name.
struct RunComparison {
    std::string name;
    std::vector<Difference> differences;
};

struct Comparison {
    double limit_percent = kLimitPercent;
    std::vector<RunComparison> runs;   ///< in the order of the first report
    std::vector<std::string> missing;  ///< runs that the second report lacks
    /// Why the reports may not be comparable, each in one sentence.
    std::vector<std::string> warnings;
};

/// Compares all runs of `before` with those of the same name in `after`; what only `after` has is
/// left out. The seconds of each run that count are those of the load after the warm-up.
/// Equal arguments have equal results.
[[nodiscard]] Comparison compare(
    const Report& before, const Report& after, double limit_percent = kLimitPercent);

/// Nothing is missing, no regression is certain.
[[nodiscard]] bool passed(const Comparison& comparison);

/// "PASSED: ..." or "FAILED: what became worse, by how much".
[[nodiscard]] std::string verdict(const Comparison& comparison);

}  // namespace polis::tools::bench
