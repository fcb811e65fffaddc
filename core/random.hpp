#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include <core/check.hpp>

namespace polis {

/// A seeded generator (xoshiro256**) whose distributions are our own, so that a seed gives the
/// same sequence with every compiler and library. For tests, simulation and workloads; never for
/// keys.
class Random {
  public:
    explicit Random(std::uint64_t seed);

    /// An independent stream for one purpose: adding a stream never shifts the numbers of another.
    Random(std::uint64_t seed, std::string_view stream);

    std::uint64_t next();

    /// Uniform in [0, bound), without bias. @pre bound > 0
    std::uint64_t below(std::uint64_t bound);

    /// Uniform in [first, last], both included. @pre first <= last
    std::uint64_t between(std::uint64_t first, std::uint64_t last);

    /// True with probability numerator / denominator. @pre denominator > 0
    bool chance(std::uint64_t numerator, std::uint64_t denominator);

    void fill(std::span<std::uint8_t> out);

    /// Fisher-Yates.
    template <class Container>
    void shuffle(Container& items) {
        for (std::size_t i = items.size(); i > 1; --i) {
            std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
        }
    }

    /// @pre items is not empty
    template <class Container>
    auto& pick(Container& items) {
        POLIS_ASSERT(!items.empty());
        return items[static_cast<std::size_t>(below(items.size()))];
    }

  private:
    std::array<std::uint64_t, 4> state_{};
};

}  // namespace polis
