#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// What a sample of measurements says, in few numbers.
namespace polis::tools::lab {

struct Summary {
    std::uint64_t count = 0;
    double mean = 0;
    double deviation = 0;  ///< of the sample, n - 1 in the denominator; 0 for a single value
    std::uint64_t median = 0;
    std::uint64_t p95 = 0;
    std::uint64_t most = 0;
};

/// Ranks are the nearest ones: the p-th percentile is the least value that p percent of the values
/// do not exceed. All 0 for no value.
[[nodiscard]] Summary summarise(std::vector<std::uint64_t> values);

/// Differences of neighbours; one less than values.
/// @pre `rising` does not fall
[[nodiscard]] std::vector<std::uint64_t> steps_of(std::span<const std::uint64_t> rising);

}  // namespace polis::tools::lab
