#include <p2p/rate.hpp>

#include <algorithm>

#include <core/check.hpp>
#include <core/integer.hpp>

namespace polis::p2p {

TokenBucket::TokenBucket(std::uint64_t per_s, std::uint64_t burst_ms, TimeMs now)
    : per_s_(per_s), burst_ms_(burst_ms), level_(per_s * burst_ms), filled_(now) {
    POLIS_ASSERT(checked_mul(per_s, burst_ms).has_value());
}

bool TokenBucket::take(std::uint64_t amount, TimeMs now) {
    if (now > filled_) {
        // A millisecond brings per_s thousandths.
        const std::uint64_t passed = std::min(now.value - filled_.value, burst_ms_);
        const std::uint64_t room = per_s_ * burst_ms_ - level_;
        level_ += std::min(passed * per_s_, room);
        filled_ = now;
    }
    const auto wanted = checked_mul(amount, std::uint64_t{1'000});
    if (!wanted || *wanted > level_) {
        return false;
    }
    level_ -= *wanted;
    return true;
}

}  // namespace polis::p2p
