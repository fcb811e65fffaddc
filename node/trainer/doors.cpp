#include <node/trainer/doors.hpp>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace polis::node {

namespace {

constexpr int kBacklog = 8;

std::unexpected<std::string> cannot_listen(const std::string& where) {
    return std::unexpected(
        fmt::format("cannot listen on {}: {}", where, std::generic_category().message(errno)));
}

/// "127.0.0.1:80" or "[::1]:80"; empty for what is no address of the Internet.
std::string text_of(const sockaddr_storage& address, socklen_t size) {
    char host[NI_MAXHOST] = {};
    char port[NI_MAXSERV] = {};
    const bool internet = address.ss_family == AF_INET || address.ss_family == AF_INET6;
    if (!internet || ::getnameinfo(
                         reinterpret_cast<const sockaddr*>(&address),
                         size,
                         host,
                         sizeof(host),
                         port,
                         sizeof(port),
                         NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    return address.ss_family == AF_INET6 ? fmt::format("[{}]:{}", host, port)
                                         : fmt::format("{}:{}", host, port);
}

struct Parts {
    std::string host;
    std::string port;
};

std::optional<Parts> parts_of(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
        return std::nullopt;
    }
    Parts out{.host = address.substr(0, colon), .port = address.substr(colon + 1)};
    if (out.host.front() == '[' && out.host.back() == ']') {
        out.host = out.host.substr(1, out.host.size() - 2);
    }
    return out;
}

}  // namespace

Result<Descriptor, std::string> listen_at_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return std::unexpected(fmt::format(
            "the path of a socket has 1 to {} bytes: {}", sizeof(address.sun_path) - 1, path));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    ::unlink(path.c_str());
    Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* target = reinterpret_cast<const sockaddr*>(&address);
    // Nobody can connect before listen(), so the mode comes in time.
    if (!out.valid() || ::bind(out.get(), target, sizeof(address)) != 0 ||
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(out.get(), 1) != 0) {
        return cannot_listen(path);
    }
    return out;
}

Result<BoundDoor, std::string> listen_at_address(const std::string& address) {
    const auto parts = parts_of(address);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
    addrinfo* found = nullptr;
    if (!parts || ::getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &found) != 0) {
        return std::unexpected(
            "cannot listen on " + address + ": write an address and a port, as 127.0.0.1:26680");
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
    Descriptor out(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (!out.valid() || ::bind(out.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(out.get(), kBacklog) != 0) {
        return cannot_listen(address);
    }
    sockaddr_storage bound{};
    socklen_t size = sizeof(bound);
    ::getsockname(out.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    std::string text = text_of(bound, size);
    return BoundDoor{.socket = std::move(out), .address = std::move(text)};
}

std::optional<Visitor> accept_at(const Descriptor& door) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    Descriptor found(::accept4(
        door.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!found.valid()) {
        return std::nullopt;
    }
    const int yes = 1;
    // Both fail on local sockets, which need neither.
    ::setsockopt(found.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    ::setsockopt(found.get(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
    return Visitor{.socket = std::move(found), .from = text_of(address, size)};
}

}  // namespace polis::node
