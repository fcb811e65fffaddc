#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <core/file_descriptor.hpp>
#include <tools/client/http_client.hpp>

namespace polis::tools::testing {

/// Listens on a free loopback port and answers each request, whole as it came, with the bytes that
/// the test makes of it. Empty bytes close the connection without an answer; `keep` decides whether
/// it stays open behind an answer.
class FakeServer {
  public:
    using Answer = std::function<std::string(const std::string& request)>;

    explicit FakeServer(Answer answer, bool keep = true);
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;
    ~FakeServer();

    [[nodiscard]] HttpAddress address() const { return {"127.0.0.1", port_}; }

    [[nodiscard]] int connections() const { return connections_; }

  private:
    void run();
    void serve(int socket);

    const Answer answer_;
    const bool keep_;
    FileDescriptor listener_;
    std::uint16_t port_ = 0;
    std::atomic<int> connections_ = 0;
    std::atomic<int> current_ = -1;  ///< the connection being served
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

/// A whole HTTP response with this body.
[[nodiscard]] std::string http_ok(const std::string& body);

/// The body of a request.
[[nodiscard]] std::string body_of(const std::string& request);

}  // namespace polis::tools::testing
