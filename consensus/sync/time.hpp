#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include <core/integer.hpp>
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

/// The time that a peer needs for one item, in 1/16 ms and never 0, after an answer of `items` in
/// `ms`. A quarter of each answer counts, so that a peer that becomes slow is soon known to be.
/// @pre items >= 1
[[nodiscard]] inline std::uint64_t smoothed_cost(
    std::uint64_t old, std::uint64_t ms, std::uint64_t items) {
    const std::uint64_t sample =
        saturating_add(saturating_mul(ms, std::uint64_t{16}) / items, std::uint64_t{1});
    return old == 0 ? sample : saturating_add(old - old / 4, sample / 4);
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
