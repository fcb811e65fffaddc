#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <core/file_descriptor.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// A process that is made to be killed.
namespace polis::tools {

/// What the child uses: one pipe to acknowledge heights, one that ends with the parent.
inline constexpr int kAckFd = 3;
inline constexpr int kLifelineFd = 4;

/// In the child: tells the parent that a height is durable. @return false if the parent is gone
[[nodiscard]] bool acknowledge(Height height);

/// In the child: waits until the parent is gone.
void wait_for_the_end();

/// This program in a child process that writes blocks and acknowledges each one.
class WriterProcess {
  public:
    /// Starts this executable with the arguments. @error for a person
    [[nodiscard]] static Result<WriterProcess, std::string> start(
        const std::vector<std::string>& arguments);

    WriterProcess(WriterProcess&& other) noexcept;
    WriterProcess& operator=(WriterProcess&&) = delete;
    WriterProcess(const WriterProcess&) = delete;
    WriterProcess& operator=(const WriterProcess&) = delete;
    ~WriterProcess();  ///< kills it if it still runs

    [[nodiscard]] pid_t pid() const { return pid_; }

    /// The next height acknowledged within the time; nothing if none came or the process ended.
    [[nodiscard]] std::optional<Height> next_ack(std::chrono::microseconds patience);

    /// SIGKILL, then reaps it. @return true if that ended it, false if it had ended before
    [[nodiscard]] bool kill();

  private:
    WriterProcess(pid_t pid, FileDescriptor acks, FileDescriptor lifeline)
        : pid_(pid), acks_(std::move(acks)), lifeline_(std::move(lifeline)) {}

    pid_t pid_;
    bool running_ = true;  ///< not reaped yet
    FileDescriptor acks_;
    FileDescriptor lifeline_;
};

}  // namespace polis::tools
