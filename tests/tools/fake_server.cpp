#include <tests/tools/fake_server.hpp>

#include <array>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <core/integer.hpp>

namespace polis::tools::testing {

namespace {

/// True once headers and as many bytes as Content-Length says are there.
bool complete(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) {
        return false;
    }
    const std::string key = "Content-Length: ";
    const std::size_t at = request.find(key);
    if (at == std::string::npos) {
        return true;
    }
    const std::size_t begin = at + key.size();
    const auto length = parse_u64(request.substr(begin, request.find('\r', at) - begin));
    return request.size() >= end + 4 + length.value_or(0);
}

void send_all(int socket, const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t more = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (more <= 0) {
            return;
        }
        sent += static_cast<std::size_t>(more);
    }
}

}  // namespace

FakeServer::FakeServer(Answer answer, bool keep)
    : answer_(std::move(answer)),
      keep_(keep),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof(address);
    ::bind(listener_.get(), generic, size);
    ::listen(listener_.get(), 16);
    ::getsockname(listener_.get(), generic, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

FakeServer::~FakeServer() {
    ended_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (const int socket = current_; socket >= 0) {
        ::shutdown(socket, SHUT_RDWR);
    }
    thread_.join();
}

void FakeServer::run() {
    while (!ended_) {
        const FileDescriptor socket(::accept(listener_.get(), nullptr, nullptr));
        if (!socket.valid()) {
            return;
        }
        ++connections_;
        current_ = socket.get();
        if (!ended_) {
            serve(socket.get());
        }
        current_ = -1;
    }
}

void FakeServer::serve(int socket) {
    std::string request;
    std::array<char, 4'096> portion{};
    while (true) {
        const ssize_t got = ::recv(socket, portion.data(), portion.size(), 0);
        if (got <= 0) {
            return;
        }
        request.append(portion.data(), static_cast<std::size_t>(got));
        if (!complete(request)) {
            continue;
        }
        const std::string answer = answer_(request);
        request.clear();
        send_all(socket, answer);
        if (answer.empty() || !keep_) {
            return;
        }
    }
}

std::string http_ok(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string body_of(const std::string& request) {
    return request.substr(request.find("\r\n\r\n") + 4);
}

}  // namespace polis::tools::testing
