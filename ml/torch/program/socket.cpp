#include <ml/torch/program/socket.hpp>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace polis::trainer {

namespace {

std::unexpected<std::string> failed(const std::string& target) {
    return std::unexpected(
        "cannot connect to " + target + ": " + std::generic_category().message(errno));
}

bool stop_blocking(int fd) {
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace

Socket::~Socket() {
    if (fd_ >= 0) {
        close(fd_);
    }
}

Result<Socket, std::string> connect_local(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return std::unexpected("the path of a socket has 1 to 107 bytes: " + path);
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    Socket out(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* target = reinterpret_cast<const sockaddr*>(&address);
    if (out.fd() < 0 || connect(out.fd(), target, sizeof(address)) != 0 ||
        !stop_blocking(out.fd())) {
        return failed(path);
    }
    return out;
}

Result<Socket, std::string> connect_remote(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
        return std::unexpected("an address is HOST:PORT: " + address);
    }
    std::string host = address.substr(0, colon);
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found);
    if (code != 0) {
        return std::unexpected("cannot resolve " + address + ": " + gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, freeaddrinfo);
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        Socket out(socket(entry->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (out.fd() >= 0 && connect(out.fd(), entry->ai_addr, entry->ai_addrlen) == 0) {
            const int yes = 1;
            setsockopt(out.fd(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
            setsockopt(out.fd(), SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
            if (stop_blocking(out.fd())) {
                return out;
            }
        }
    }
    return failed(address);
}

}  // namespace polis::trainer
