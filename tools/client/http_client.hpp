#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <core/file_descriptor.hpp>
#include <core/result.hpp>

/// HTTP/1.1 as far as a client of a node needs it: one connection that is kept open, a deadline on
/// everything, no answer beyond a limit.
namespace polis::tools {

/// What a node answers at most, with room for its headers.
inline constexpr std::size_t kResponseBytesMax = std::size_t{32} << 20;

struct HttpAddress {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;

    bool operator==(const HttpAddress&) const = default;

    [[nodiscard]] std::string text() const;
};

/// Reads "http://127.0.0.1:26601", also without the scheme and with a final slash.
/// @error what is wrong with it and an example
[[nodiscard]] Result<HttpAddress, std::string> parse_http_address(std::string_view text);

enum class ClientErrorKind : std::uint8_t {
    kCannotConnect,  ///< nobody listens there
    kTimeout,        ///< nobody answered in time; it may still happen
    kLost,           ///< the connection ended before the answer
    kBadAnswer,      ///< not HTTP, not JSON, too large, or an HTTP error without JSON
    kRefused,        ///< the node's own error: code, name and hint say more
};

/// Why there is no answer.
struct ClientError {
    ClientErrorKind kind = ClientErrorKind::kCannotConnect;
    std::string message;
    std::string hint;  ///< what to do about it

    // Of kRefused only.
    std::int64_t code = 0;
    std::string name;
    std::uint64_t retry_after_ms = 0;  ///< 0: do not
};

/// "cause; cure"
[[nodiscard]] std::string describe(const ClientError& error);

struct HttpRequest {
    std::string method = "POST";
    std::string target = "/";
    std::string body;
    std::string content_type = "application/json";
    std::string token;    ///< of an Authorization header; empty: none
    std::string range{};  ///< of a Range header, like "bytes=0-99"; empty: none
    /// Called with the bytes of the body that have left; empty: nobody wants to know.
    std::function<void(std::size_t)> progress = {};
};

struct HttpResponse {
    unsigned status = 0;
    std::string body;
};

class HttpClient {
  public:
    using Milliseconds = std::chrono::milliseconds;

    explicit HttpClient(HttpAddress address) : address_(std::move(address)) {}

    [[nodiscard]] const HttpAddress& address() const { return address_; }

    /// Sends the request and waits for the whole answer, at most `timeout` for all of it. An old
    /// connection that turns out closed before any byte of the answer is replaced once.
    [[nodiscard]] Result<HttpResponse, ClientError> send(
        const HttpRequest& request, Milliseconds timeout);

  private:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] Result<void, ClientError> connect(Clock::time_point deadline);
    [[nodiscard]] Result<void, ClientError> write(
        std::string_view bytes,
        Clock::time_point deadline,
        const std::function<void(std::size_t)>& progress = {});
    [[nodiscard]] Result<HttpResponse, ClientError> read(Clock::time_point deadline);
    [[nodiscard]] Result<std::size_t, ClientError> read_some(
        char* data, std::size_t size, Clock::time_point deadline);
    [[nodiscard]] ClientError error(ClientErrorKind kind, std::string_view what) const;

    const HttpAddress address_;
    FileDescriptor socket_;
};

}  // namespace polis::tools
