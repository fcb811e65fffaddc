#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace polis::node {

/// How long things took: a histogram with fixed bounds, counted by one thread and read by others.
class StepTimes {
  public:
    static constexpr std::array<std::uint64_t, 12> kBoundsUs{
        50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 100'000, 500'000, 2'000'000};

    void add(std::uint64_t us) {
        std::size_t bucket = 0;
        while (bucket < kBoundsUs.size() && us > kBoundsUs[bucket]) {
            ++bucket;
        }
        counts_[bucket].fetch_add(1, std::memory_order_relaxed);
        sum_us_.fetch_add(us, std::memory_order_relaxed);
    }

    /// Of bucket `i`: values above the bound before it, up to its own; the last has no bound.
    [[nodiscard]] std::uint64_t count(std::size_t i) const {
        return counts_[i].load(std::memory_order_relaxed);
    }

    [[nodiscard]] std::uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }

  private:
    std::array<std::atomic<std::uint64_t>, kBoundsUs.size() + 1> counts_{};
    std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace polis::node
