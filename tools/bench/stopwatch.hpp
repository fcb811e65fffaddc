#pragma once

#include <chrono>
#include <ctime>

namespace polis::tools {

/// Processor time that all threads of the process have used, in seconds. Unlike wall-clock time it
/// hardly moves when the machine is busy with something else.
inline double process_cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Wall-clock time since its start or last lap.
class Stopwatch {
  public:
    /// Seconds since the start or the last lap.
    double lap() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> passed = now - last_;
        last_ = now;
        return passed.count();
    }

  private:
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace polis::tools
