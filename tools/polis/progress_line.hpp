#pragma once

#include <chrono>
#include <string>

#include <core/types.hpp>

namespace polis::tools {

/// Says on standard error, once a second, how far a long command is; a quick one stays silent.
class ProgressLine {
  public:
    explicit ProgressLine(std::string command) : command_(std::move(command)) {}

    void update(Height height, Height head);

  private:
    using Clock = std::chrono::steady_clock;

    const std::string command_;
    const Clock::time_point begin_ = Clock::now();
    Clock::time_point last_ = begin_;
};

}  // namespace polis::tools
