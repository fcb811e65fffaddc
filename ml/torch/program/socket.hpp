#pragma once

#include <string>
#include <utility>

#include <core/result.hpp>

namespace polis::trainer {

/// A file descriptor that is closed at the end of its life.
class Socket {
  public:
    explicit Socket(int fd) : fd_(fd) {}

    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Socket& operator=(Socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();

    [[nodiscard]] int fd() const { return fd_; }

  private:
    int fd_;
};

/// Connects to a socket in the file system; the result does not block. @error a line for people
[[nodiscard]] Result<Socket, std::string> connect_local(const std::string& path);

/// Connects to HOST:PORT or [IPv6]:PORT; the result does not block. @error a line for people
[[nodiscard]] Result<Socket, std::string> connect_remote(const std::string& address);

}  // namespace polis::trainer
