#include <node/runtime/clock.hpp>

#include <algorithm>
#include <chrono>

namespace polis::node {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

std::uint64_t wall_us(std::int64_t offset_ms) {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    const std::int64_t us = duration_cast<microseconds>(since_1970).count() + offset_ms * 1'000;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0));
}

}  // namespace

std::uint64_t SlewedTime::advance(std::uint64_t wall_us, std::uint64_t steady_us) {
    if (!last_ || wall_us >= last_->shown_us) {
        last_ = Point{wall_us, steady_us};
        return wall_us;
    }
    const std::uint64_t passed_us = (steady_us - std::min(steady_us, last_->steady_us)) / 2;
    if (passed_us > 0) {
        last_ = Point{last_->shown_us + passed_us, last_->steady_us + 2 * passed_us};
    }
    return last_->shown_us;
}

TimeMs Clock::now() {
    const MutexLock lock(mutex_);
    return TimeMs{time_.advance(wall_us(offset()), steady_us()) / 1'000};
}

std::uint64_t Clock::steady_us() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(duration_cast<microseconds>(since).count());
}

}  // namespace polis::node
