#pragma once

#include <cstdint>

#include <core/types.hpp>

namespace polis::sim {

/// What one node's clock shows: off by a constant, and too fast or too slow.
///
/// It never goes back. Millionths, so that no float decides when a timer fires.
class NodeClock {
  public:
    static constexpr std::int64_t kDriftPpmMax = 1'000;

    /// @param start the moment at which drift begins. @pre |drift_ppm| <= kDriftPpmMax, and skew_ms
    /// does not reach before time 0
    NodeClock(TimeMs start, std::int64_t skew_ms, std::int64_t drift_ppm);

    /// What the clock shows at the true time. @pre now >= start
    [[nodiscard]] TimeMs shown(TimeMs now) const;

    /// The first true time, from `now` on, at which the clock shows `time` or later.
    [[nodiscard]] TimeMs when(TimeMs time, TimeMs now) const;

  private:
    TimeMs start_;
    std::int64_t skew_ms_;
    std::int64_t drift_ppm_;
};

}  // namespace polis::sim
