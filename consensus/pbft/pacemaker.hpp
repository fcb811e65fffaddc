#pragma once

#include <cstdint>

#include <core/types.hpp>

namespace polis::pbft {

struct Timing {
    std::uint64_t block_interval_ms = 100;  ///< least time from one proposal to the next
    std::uint64_t view_timeout_ms = 2'000;  ///< of a view before any back-off
    std::uint64_t view_timeout_ms_max = 60'000;
    /// Of the first view of a height whose leader let its last view pass and has been silent since.
    std::uint64_t silent_leader_ms = 250;
    std::uint64_t resend_ms = 500;  ///< without progress, what was said is said again
};

/// How long a view may last: doubles with every view that fails and comes down by one step with
/// every block that is decided without a view change. So it grows until it exceeds the network's
/// delay, whatever that is, and one bad hour is not paid for ever. Spec [T1], [T2].
class Pacemaker {
  public:
    explicit Pacemaker(const Timing& timing) : timing_(timing) {}

    [[nodiscard]] std::uint64_t timeout_ms() const;

    /// The same where nobody expects the leader to speak. Spec [T9].
    [[nodiscard]] std::uint64_t silent_timeout_ms() const;

    void view_failed();
    void decided(View view);

    [[nodiscard]] std::uint32_t doublings() const { return doublings_; }

  private:
    Timing timing_;
    std::uint32_t doublings_ = 0;
};

}  // namespace polis::pbft
