#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include <core/types.hpp>
#include <node/runtime/mutex.hpp>

/// The only place of the node that reads a clock.
namespace polis::node {

/// Makes a clock that people and NTP may set into one that never goes back: while the wall clock is
/// behind what was shown, time goes on at half its speed until both agree again. So timers neither
/// fire twice nor stand still.
class SlewedTime {
  public:
    /// @param wall_us microseconds since 1970; may jump. @param steady_us never goes back
    [[nodiscard]] std::uint64_t advance(std::uint64_t wall_us, std::uint64_t steady_us);

  private:
    struct Point {
        std::uint64_t shown_us;
        std::uint64_t steady_us;
    };

    std::optional<Point> last_;
};

/// Safe from any thread.
class Clock {
  public:
    /// What the machines see: milliseconds since 1970, never going back.
    [[nodiscard]] TimeMs now();

    /// For measuring how long something takes.
    [[nodiscard]] static std::uint64_t steady_us();

    /// Moves now() away from the real time: development networks only. A move back is made at half
    /// the speed of time, as SlewedTime says.
    void set_offset(std::int64_t ms) { offset_ms_.store(ms, std::memory_order_relaxed); }

    [[nodiscard]] std::int64_t offset() const { return offset_ms_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> offset_ms_{0};
    Mutex mutex_;
    SlewedTime time_ POLIS_GUARDED_BY(mutex_);
};

}  // namespace polis::node
