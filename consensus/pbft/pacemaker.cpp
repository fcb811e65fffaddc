#include <consensus/pbft/pacemaker.hpp>

#include <algorithm>

#include <core/integer.hpp>

namespace polis::pbft {

std::uint64_t Pacemaker::timeout_ms() const {
    const std::uint64_t grown =
        saturating_mul(timing_.view_timeout_ms, std::uint64_t{1} << doublings_);
    return std::min(grown, std::max(timing_.view_timeout_ms_max, timing_.view_timeout_ms));
}

std::uint64_t Pacemaker::silent_timeout_ms() const {
    return std::min(timeout_ms(), timing_.silent_leader_ms);
}

void Pacemaker::view_failed() {
    constexpr std::uint32_t kDoublingsMax = 32;
    if (timeout_ms() < timing_.view_timeout_ms_max && doublings_ < kDoublingsMax) {
        ++doublings_;
    }
}

void Pacemaker::decided(View view) {
    if (view == View{} && doublings_ > 0) {
        --doublings_;
    }
}

}  // namespace polis::pbft
