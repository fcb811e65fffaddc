#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include <core/types.hpp>

/// Times of drivers, which may be anything: none of these overflows.
namespace polis::sync {

[[nodiscard]] inline TimeMs later(TimeMs time, std::uint64_t ms) {
    return checked_add(time, TimeMs{ms})
        .value_or(TimeMs{std::numeric_limits<std::uint64_t>::max()});
}

[[nodiscard]] inline std::uint64_t ms_between(TimeMs first, TimeMs last) {
    return last > first ? last.value - first.value : 0;
}

/// The pause after one of `last` milliseconds: twice as long, within the bounds.
[[nodiscard]] inline std::uint64_t next_pause(
    std::uint64_t last, std::uint64_t first, std::uint64_t max) {
    if (last == 0) {
        return first < max ? first : max;
    }
    return last >= max / 2 ? max : last * 2;
}

/// The earliest of several times that lie after `now`.
class NextTime {
  public:
    explicit NextTime(TimeMs now) : now_(now) {}

    void add(TimeMs time) {
        if (time > now_ && (!earliest_ || time < *earliest_)) {
            earliest_ = time;
        }
    }

    [[nodiscard]] std::optional<TimeMs> earliest() const { return earliest_; }

  private:
    const TimeMs now_;
    std::optional<TimeMs> earliest_;
};

}  // namespace polis::sync
