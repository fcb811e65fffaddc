#pragma once

#include <array>
#include <string>

#include <poll.h>

#include <core/result.hpp>
#include <node/runtime/mutex.hpp>

namespace polis::node {

/// How the process ends: by a signal, an operator, or a failure. One in a process; made before any
/// other thread, because it blocks the signals that it waits for.
class Ending {
  public:
    static constexpr int kExitOk = 0;
    static constexpr int kExitFailed = 1;

    Ending();
    ~Ending();
    Ending(const Ending&) = delete;
    Ending& operator=(const Ending&) = delete;

    /// Wakes wait(). The first request counts; a failure has a line for people. Any thread.
    void request(int exit_code, std::string why);

    /// Whether wait() would return at once.
    [[nodiscard]] bool due() const;

    /// Returns after SIGTERM, SIGINT or a request. From then on a second signal ends the process at
    /// once.
    void wait();

    [[nodiscard]] int exit_code() const;
    [[nodiscard]] std::string why() const;

  private:
    using Sources = std::array<pollfd, 2>;

    [[nodiscard]] Sources look(int wait_ms) const;

    int signals_ = -1;   ///< signalfd
    int requests_ = -1;  ///< eventfd
    mutable Mutex mutex_;
    bool requested_ POLIS_GUARDED_BY(mutex_) = false;
    int exit_code_ POLIS_GUARDED_BY(mutex_) = kExitOk;
    std::string why_ POLIS_GUARDED_BY(mutex_);
};

/// The process gets SIGTERM when its parent ends. @error it has ended already, or the system
/// refuses
[[nodiscard]] Result<void, std::string> exit_with_parent();

}  // namespace polis::node
