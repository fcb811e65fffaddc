#pragma once

#include <cstdint>

#include <core/types.hpp>

namespace polis::p2p {

/// What somebody may do in the long run. 0: as much as they like.
struct Allowance {
    std::uint64_t messages_per_s = 0;
    std::uint64_t bytes_per_s = 0;
};

/// A token bucket: so much a second, and so much at once after a pause. Starts full.
class TokenBucket {
  public:
    /// @pre per_s * burst_ms fits into 64 bits
    TokenBucket(std::uint64_t per_s, std::uint64_t burst_ms, TimeMs now);

    /// Takes `amount` if it is there; else nothing is taken. A clock that goes back adds nothing.
    [[nodiscard]] bool take(std::uint64_t amount, TimeMs now);

  private:
    std::uint64_t per_s_;
    std::uint64_t burst_ms_;
    std::uint64_t level_;  ///< in thousandths
    TimeMs filled_;
};

}  // namespace polis::p2p
