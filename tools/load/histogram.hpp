#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace polis::tools {

/// Counts of values in buckets that are exact up to 128 and then less than 1 % wide: percentiles of
/// latencies from microseconds to hours in a few kilobytes. Histograms of several threads add up.
class Histogram {
  public:
    void record(std::uint64_t value, std::uint64_t times = 1);
    void add(const Histogram& other);

    [[nodiscard]] std::uint64_t count() const { return count_; }

    [[nodiscard]] std::uint64_t max() const { return max_; }

    /// Exact but for the rounding. 0 if nothing was recorded.
    [[nodiscard]] std::uint64_t mean() const { return count_ == 0 ? 0 : sum_ / count_; }

    /// The least value that at least `per_mille` of a thousand recorded ones do not exceed, at most
    /// 1/64 too large. 0 if nothing was recorded. @pre per_mille <= 1000
    [[nodiscard]] std::uint64_t percentile(std::uint32_t per_mille) const;

  private:
    std::vector<std::uint64_t> buckets_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
    std::uint64_t sum_ = 0;
};

}  // namespace polis::tools
