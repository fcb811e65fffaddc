#include <tools/client/http_client.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <core/integer.hpp>

namespace polis::tools {

namespace {

namespace http = boost::beast::http;
using std::chrono::milliseconds;

constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

std::string system_reason(int code) { return std::generic_category().message(code); }

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// True once the socket is ready for `events`.
bool wait_for(int socket, short events, std::chrono::steady_clock::time_point deadline) {
    const auto now = std::chrono::steady_clock::now();
    const auto rest = std::chrono::ceil<milliseconds>(std::max(deadline, now) - now);
    pollfd wait{.fd = socket, .events = events, .revents = 0};
    int ready = 0;
    do {
        ready = ::poll(&wait, 1, static_cast<int>(rest.count()));
    } while (ready < 0 && errno == EINTR);
    return ready == 1;
}

std::string header_of(const HttpRequest& request, const HttpAddress& address) {
    std::string out = fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\nContent-Length: {}\r\n",
        request.method,
        request.target,
        address.text(),
        request.body.size());
    if (!request.body.empty()) {
        out += fmt::format("Content-Type: {}\r\n", request.content_type);
    }
    if (!request.token.empty()) {
        out += fmt::format("Authorization: Bearer {}\r\n", request.token);
    }
    if (!request.range.empty()) {
        out += fmt::format("Range: {}\r\n", request.range);
    }
    return out + "\r\n";
}

}  // namespace

std::string HttpAddress::text() const {
    const bool six = host.contains(':');
    return fmt::format("{}{}{}:{}", six ? "[" : "", host, six ? "]" : "", port);
}

Result<HttpAddress, std::string> parse_http_address(std::string_view text) {
    const std::string wrong =
        fmt::format("'{}' is no address of a node; write one like http://127.0.0.1:26601", text);
    constexpr std::string_view kScheme = "http://";
    if (text.starts_with(kScheme)) {
        text.remove_prefix(kScheme.size());
    }
    if (text.ends_with('/')) {
        text.remove_suffix(1);
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::unexpected(wrong);
    }
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    const auto port = parse_u64(text.substr(colon + 1));
    const bool odd = host.empty() || host.find_first_of("/@ \r\n?#[]") != std::string_view::npos;
    if (odd || !port || *port == 0 || *port > 65'535) {
        return std::unexpected(wrong);
    }
    return HttpAddress{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::string describe(const ClientError& error) {
    return error.hint.empty() ? error.message : error.message + "; " + error.hint;
}

ClientError HttpClient::error(ClientErrorKind kind, std::string_view what) const {
    ClientError out;
    out.kind = kind;
    switch (kind) {
        case ClientErrorKind::kCannotConnect:
            out.message = fmt::format("no node answers at {}: {}", address_.text(), what);
            out.hint = "start one with `polis devnet up`, or name another with --rpc";
            break;
        case ClientErrorKind::kTimeout:
            out.message = fmt::format("the node at {} did not answer in time", address_.text());
            out.hint = "it is busy, paused or stopped: look with `polis devnet status`";
            break;
        case ClientErrorKind::kLost:
            out.message = fmt::format("the node at {} hung up: {}", address_.text(), what);
            out.hint = "its log says why: `polis devnet logs`";
            break;
        case ClientErrorKind::kBadAnswer:
        case ClientErrorKind::kRefused:
            out.message = fmt::format("{} answers with {}", address_.text(), what);
            out.hint = "is it the RPC port of a node?";
            break;
    }
    return out;
}

Result<void, ClientError> HttpClient::connect(Clock::time_point deadline) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(address_.port);
    const int failed = ::getaddrinfo(address_.host.c_str(), port.c_str(), &hints, &found);
    if (failed != 0) {
        return std::unexpected(error(ClientErrorKind::kCannotConnect, ::gai_strerror(failed)));
    }
    const Addresses addresses(found);
    int reason = 0;
    for (const addrinfo* next = addresses.get(); next != nullptr; next = next->ai_next) {
        socket_ = FileDescriptor(::socket(
            next->ai_family, next->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, next->ai_protocol));
        if (!socket_.valid()) {
            reason = errno;
            continue;
        }
        const bool done = ::connect(socket_.get(), next->ai_addr, next->ai_addrlen) == 0;
        if (!done && errno != EINPROGRESS) {
            reason = errno;
            continue;
        }
        if (!done && !wait_for(socket_.get(), POLLOUT, deadline)) {
            reason = ETIMEDOUT;
            continue;
        }
        socklen_t size = sizeof(reason);
        ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &reason, &size);
        if (reason == 0) {
            const int on = 1;
            ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            return {};
        }
    }
    socket_.close();
    return std::unexpected(error(ClientErrorKind::kCannotConnect, system_reason(reason)));
}

Result<void, ClientError> HttpClient::write(
    std::string_view bytes,
    Clock::time_point deadline,
    const std::function<void(std::size_t)>& progress) {
    const std::size_t all = bytes.size();
    while (!bytes.empty()) {
        const ssize_t written = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
            if (progress) {
                progress(all - bytes.size());
            }
        } else if (written < 0 && errno == EAGAIN) {
            if (!wait_for(socket_.get(), POLLOUT, deadline)) {
                return std::unexpected(error(ClientErrorKind::kTimeout, {}));
            }
        } else if (errno != EINTR) {
            return std::unexpected(error(ClientErrorKind::kLost, system_reason(errno)));
        }
    }
    return {};
}

/// 0: the other side has closed.
Result<std::size_t, ClientError> HttpClient::read_some(
    char* data, std::size_t size, Clock::time_point deadline) {
    while (true) {
        const ssize_t got = ::recv(socket_.get(), data, size, 0);
        if (got >= 0) {
            return static_cast<std::size_t>(got);
        }
        if (errno == EAGAIN) {
            if (!wait_for(socket_.get(), POLLIN, deadline)) {
                return std::unexpected(error(ClientErrorKind::kTimeout, {}));
            }
        } else if (errno != EINTR) {
            return std::unexpected(error(ClientErrorKind::kLost, system_reason(errno)));
        }
    }
}

Result<HttpResponse, ClientError> HttpClient::read(Clock::time_point deadline) {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(kResponseBytesMax);
    std::string buffer;
    std::vector<char> portion(kReadBytes);
    while (!parser.is_done()) {
        POLIS_TRY(const std::size_t got, read_some(portion.data(), portion.size(), deadline));
        boost::system::error_code failed;
        if (got == 0) {
            if (!parser.got_some()) {
                return std::unexpected(error(ClientErrorKind::kLost, "closed without an answer"));
            }
            parser.put_eof(failed);
            if (failed || !parser.is_done()) {
                return std::unexpected(error(ClientErrorKind::kLost, "closed in the middle"));
            }
            break;
        }
        buffer.append(portion.data(), got);
        const std::size_t used = parser.put(boost::asio::buffer(buffer), failed);
        if (failed && failed != http::error::need_more) {
            return std::unexpected(
                error(ClientErrorKind::kBadAnswer, "no valid HTTP response: " + failed.message()));
        }
        buffer.erase(0, used);
    }
    const bool keep = parser.get().keep_alive() && buffer.empty();
    HttpResponse response{parser.get().result_int(), std::move(parser.get().body())};
    if (!keep) {
        socket_.close();
    }
    return response;
}

Result<HttpResponse, ClientError> HttpClient::send(
    const HttpRequest& request, Milliseconds timeout) {
    const Clock::time_point deadline = Clock::now() + timeout;
    const std::string header = header_of(request, address_);
    while (true) {
        const bool reused = socket_.valid();
        if (!reused) {
            POLIS_TRY_VOID(connect(deadline));
        }
        auto written = write(header, deadline);
        if (written) {
            written = write(request.body, deadline, request.progress);
        }
        auto answer = written ? read(deadline) : std::unexpected(written.error());
        if (answer) {
            return answer;
        }
        socket_.close();
        if (!reused || answer.error().kind != ClientErrorKind::kLost) {
            return answer;
        }
    }
}

}  // namespace polis::tools
