#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <core/result.hpp>

namespace polis::node {

/// A file descriptor that is closed at the end of its life.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}

    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return fd_; }

    [[nodiscard]] bool valid() const { return fd_ >= 0; }

  private:
    int fd_;
};

/// A child process whose last words are kept. It has less priority than the node, no signals
/// blocked, a group of its own (a terminal's Ctrl-C is not for it), and is killed with this object.
class Child {
  public:
    static constexpr std::size_t kLastWordsMax = 4096;  ///< bytes
    static constexpr std::size_t kLineBytesMax = 512;
    static constexpr int kNice = 10;

    /// @param command program and arguments. @error a line for people
    [[nodiscard]] static Result<Child, std::string> start(const std::vector<std::string>& command);

    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    /// Readable when read_errors() has something to do.
    [[nodiscard]] int errors() const { return errors_.get(); }

    /// Takes what the process wrote to stderr; false once nothing can come any more.
    [[nodiscard]] bool read_errors();

    /// How it ended, once it has: "exit code 1", "signal 9 (Killed)".
    [[nodiscard]] std::optional<std::string> ended();

    /// Whole lines that came since the last call; long ones are cut.
    [[nodiscard]] std::vector<std::string> take_lines() { return std::exchange(lines_, {}); }

    /// The last whole lines that it wrote, joined by " | ".
    [[nodiscard]] std::string last_words() const;

    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    void cut_lines(std::string_view text);

    Child(pid_t pid, Descriptor errors) : pid_(pid), errors_(std::move(errors)) {}

    pid_t pid_;  ///< -1 once it was waited for
    Descriptor errors_;
    std::string tail_;
    std::string line_;  ///< not complete yet
    std::vector<std::string> lines_;
};

}  // namespace polis::node
