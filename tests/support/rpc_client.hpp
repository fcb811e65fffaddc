#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

/// Small blocking clients for tests of servers: what they send is up to the test, byte by byte.
namespace polis::tests {

struct HttpReply {
    unsigned status = 0;
    std::string headers;  ///< as they came, with the status line
    std::string body;

    /// The value of a header, empty if there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] nlohmann::json json() const;
};

/// One connection to a port of 127.0.0.1. Throws if the connection fails, which fails the test.
class HttpClient {
  public:
    explicit HttpClient(std::uint16_t port);
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;

    /// Sends these bytes as they are.
    void send(std::string_view bytes);

    /// Reads one answer; nothing if the server has closed. `head` is for answers to HEAD.
    [[nodiscard]] std::optional<HttpReply> read(bool head = false);

    /// POST / with a JSON body.
    [[nodiscard]] HttpReply post(std::string_view body, std::string_view headers = {});

    /// A request without a body.
    [[nodiscard]] HttpReply get(
        std::string_view target, std::string_view headers = {}, std::string_view method = "GET");

    /// A JSON-RPC call: the answer's object.
    [[nodiscard]] nlohmann::json call(
        std::string_view method,
        const nlohmann::json& params = nlohmann::json::object(),
        std::string_view headers = {});

    /// True if the server closes without another byte.
    [[nodiscard]] bool closed();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class WebSocketClient {
  public:
    explicit WebSocketClient(std::uint16_t port);
    ~WebSocketClient();

    void send(std::string_view text);

    /// The next message; nothing if the server has closed.
    [[nodiscard]] std::optional<nlohmann::json> read();

    /// Sends a call and reads up to its answer; notifications before it are kept for event().
    [[nodiscard]] nlohmann::json call(
        std::string_view method, const nlohmann::json& params = nlohmann::json::object());

    /// Parameters of the next notification.
    [[nodiscard]] nlohmann::json event();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::tests
