#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <tools/bench/faults.hpp>
#include <tools/bench/result.hpp>
#include <tools/devnet/devnet.hpp>

namespace polis::tools::bench {

/// What happens beside a load: faults come at their times, and the nodes are looked at once a
/// second. Threads of its own, from start() to stop().
class During {
  public:
    /// @pre devnet outlives this and is nobody else's meanwhile; steps are sorted by time
    During(devnet::Devnet& devnet, std::vector<FaultStep> steps)
        : devnet_(devnet), seen_(devnet), steps_(std::move(steps)) {}

    During(const During&) = delete;
    During& operator=(const During&) = delete;

    ~During() { stop(); }

    void start();

    /// Waits until the last fault has come.
    void stop();

    /// The network as it is now, with the processes that a fault started.
    [[nodiscard]] devnet::Devnet now() const;

    // After stop().

    /// Only what a look at the nodes says: at_s, waiting, height, nodes_up, cpu_us.
    [[nodiscard]] const std::vector<Second>& looks() const { return looks_; }

    [[nodiscard]] const std::vector<Mark>& marks() const { return marks_; }

    /// Why a fault could not be made; empty: all were.
    [[nodiscard]] const std::string& failure() const { return failure_; }

  private:
    [[nodiscard]] bool has_ended() const;
    void play();
    void look();

    devnet::Devnet& devnet_;  ///< play()'s
    mutable std::mutex mutex_;
    devnet::Devnet seen_;  ///< under mutex_: what others may look at
    const std::vector<FaultStep> steps_;
    std::condition_variable wake_;
    bool ended_ = false;  ///< under mutex_
    std::chrono::steady_clock::time_point start_;
    std::vector<Second> looks_;
    std::vector<Mark> marks_;
    std::string failure_;
    std::vector<std::thread> threads_;
};

}  // namespace polis::tools::bench
