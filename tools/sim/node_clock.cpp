#include <tools/sim/node_clock.hpp>

#include <algorithm>

#include <core/check.hpp>

namespace polis::sim {

namespace {

constexpr std::int64_t kMillion = 1'000'000;

}  // namespace

NodeClock::NodeClock(TimeMs start, std::int64_t skew_ms, std::int64_t drift_ppm)
    : start_(start), skew_ms_(skew_ms), drift_ppm_(drift_ppm) {
    POLIS_ASSERT(drift_ppm >= -kDriftPpmMax && drift_ppm <= kDriftPpmMax);
    POLIS_ASSERT(skew_ms >= 0 || start.value >= static_cast<std::uint64_t>(-skew_ms));
}

TimeMs NodeClock::shown(TimeMs now) const {
    POLIS_ASSERT_OP(now.value, >=, start_.value);
    const auto passed = static_cast<std::int64_t>(now.value - start_.value);
    const auto begin = static_cast<std::int64_t>(start_.value) + skew_ms_;
    return TimeMs{static_cast<std::uint64_t>(begin + passed + passed * drift_ppm_ / kMillion)};
}

TimeMs NodeClock::when(TimeMs time, TimeMs now) const {
    if (shown(now) >= time) {
        return now;
    }
    const auto begin = static_cast<std::int64_t>(start_.value) + skew_ms_;
    const std::int64_t wanted = static_cast<std::int64_t>(time.value) - begin;
    const std::int64_t guess = wanted * kMillion / (kMillion + drift_ppm_);
    TimeMs at{start_.value + static_cast<std::uint64_t>(std::max<std::int64_t>(guess - 2, 0))};
    at = std::max(at, now);
    while (shown(at) < time) {
        ++at.value;
    }
    return at;
}

}  // namespace polis::sim
