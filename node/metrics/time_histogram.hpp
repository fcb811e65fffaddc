#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace polis::node {

/// How long things took, counted in buckets that grow with the time: each power of two has four, so
/// a bucket is at most a quarter wider than its lower bound. Any thread adds and any thread reads;
/// who reads meanwhile may see one more in a bucket than in the sum.
class TimeHistogram {
  public:
    static constexpr std::size_t kBuckets = 89;  ///< with a bound: 4 us, 5, 6, 7, 8, 10 ... 16.8 s

    /// The largest time of bucket `i`, in microseconds. @pre i < kBuckets
    [[nodiscard]] static constexpr std::uint64_t bound_us(std::size_t i) {
        if (i == 0) {
            return kFirstUs;
        }
        const std::uint64_t part = (i - 1) % kParts;
        return (kFirstUs + part + 1) << ((i - 1) / kParts);
    }

    /// Where a time falls: kBuckets if it is longer than every bound.
    [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t us) {
        if (us <= kFirstUs) {
            return 0;
        }
        const std::uint64_t below = us - 1;  // bounds belong to the bucket that they end
        const auto shift = static_cast<unsigned>(std::bit_width(below)) - kFirstBits;
        const std::size_t i = 1 + std::size_t{shift} * kParts + (below >> shift) % kParts;
        return i < kBuckets ? i : kBuckets;
    }

    /// So many things that took `us` each.
    void add(std::uint64_t us, std::uint64_t times = 1) {
        counts_[bucket_of(us)].fetch_add(times, std::memory_order_relaxed);
        sum_us_.fetch_add(us * times, std::memory_order_relaxed);
    }

    /// Of bucket `i`: times above the bound before it, up to its own; the last has no bound.
    [[nodiscard]] std::uint64_t count(std::size_t i) const {
        return counts_[i].load(std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

  private:
    static constexpr std::uint64_t kFirstUs = 4;
    static constexpr unsigned kFirstBits = 3;  ///< of the first time above it, less one
    static constexpr std::size_t kParts = 4;

    std::array<std::atomic<std::uint64_t>, kBuckets + 1> counts_{};
    std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace polis::node
