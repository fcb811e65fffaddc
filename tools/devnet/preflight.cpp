#include <tools/devnet/preflight.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <core/file_descriptor.hpp>
#include <core/integer.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kPortsOfNode = 3;
constexpr std::size_t kPortBlock = 100;  ///< free blocks are looked for at these distances

/// True if somebody could listen there now.
bool port_free(std::uint16_t port) {
    const FileDescriptor probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The interface of sockets is untyped.
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::bind(probe.get(), generic, sizeof(address)) == 0 && ::listen(probe.get(), 1) == 0;
}

/// The socket that listens on the port, as /proc names it: "socket:[123]".
std::optional<std::string> listening_socket(std::uint16_t port) {
    const std::string wanted = fmt::format(":{:04X}", port);
    constexpr std::string_view kListening = "0A";
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream in(table);
        for (std::string line; std::getline(in, line);) {
            std::istringstream words(line);
            std::string number, local, remote, state, skipped, inode;
            words >> number >> local >> remote >> state;
            for (int i = 0; i < 5; ++i) {
                words >> skipped;
            }
            if (words >> inode && state == kListening && local.ends_with(wanted)) {
                return fmt::format("socket:[{}]", inode);
            }
        }
    }
    return std::nullopt;
}

bool holds(const fs::path& process, const std::string& socket) {
    std::error_code failed;
    for (fs::directory_iterator file(process / "fd", failed), end; !failed && file != end;
         file.increment(failed)) {
        std::error_code unreadable;
        if (fs::read_symlink(file->path(), unreadable).string() == socket) {
            return true;
        }
    }
    return false;
}

std::string holder_of(const std::string& socket) {
    std::error_code failed;
    for (fs::directory_iterator entry("/proc", failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::string pid = entry->path().filename().string();
        if (parse_u64(pid) && holds(entry->path(), socket)) {
            std::ifstream name(entry->path() / "comm");
            std::string program;
            std::getline(name, program);
            return fmt::format("{} (process {})", program, pid);
        }
    }
    return "a process of another user";
}

Fallible<void> check_ports(std::span<const Node> nodes) {
    for (const Node& node : nodes) {
        for (const std::uint16_t port : {node.p2p_port, node.rpc_port, node.admin_port}) {
            if (const auto owner = port_owner(port)) {
                return std::unexpected(Failure(fmt::format(
                    "port {} of node {} is in use by {}; end it, or choose another --base-port",
                    port,
                    node.index,
                    *owner)));
            }
        }
    }
    return {};
}

Fallible<void> check_program(const std::string& polisd, const std::string& version) {
    if (::access(polisd.c_str(), X_OK) != 0) {
        return std::unexpected(Failure(fmt::format(
            "there is no program {}; build it with ./dev build, or name one with --polisd",
            polisd)));
    }
    POLIS_TRY(const Finished answer, run_program({polisd, "--version"}));
    const std::string found = answer.output.substr(0, answer.output.find('\n'));
    if (answer.code != 0 || !found.ends_with(version)) {
        return std::unexpected(Failure(fmt::format(
            "{} is version '{}' and this is polis {}; build both alike with ./dev build",
            polisd,
            found,
            version)));
    }
    return {};
}

Fallible<void> check_disk(const fs::path& home, std::size_t nodes) {
    std::error_code failed;
    const fs::space_info space = fs::space(home, failed);
    const std::uint64_t needed = nodes * kNodeDiskBytes;
    if (failed || space.available >= needed) {
        return {};
    }
    constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
    return std::unexpected(Failure(fmt::format(
        "{} has {} MiB left and {} nodes need {}; make room, or choose another --home",
        home.string(),
        space.available / kMib,
        nodes,
        needed / kMib)));
}

Fallible<void> check_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kNodeFilesMin) {
        return {};
    }
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kNodeFilesMin);
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= kNodeFilesMin) {
        return {};  // the nodes inherit it
    }
    return std::unexpected(Failure(fmt::format(
        "a process may open only {} files here and a node needs {}; raise it: ulimit -n {}",
        limit.rlim_max,
        kNodeFilesMin,
        kNodeFilesMin)));
}

}  // namespace

std::optional<std::string> port_owner(std::uint16_t port) {
    if (port_free(port)) {
        return std::nullopt;
    }
    const auto socket = listening_socket(port);
    return socket ? holder_of(*socket) : "a connection that is still closing";
}

Fallible<std::uint16_t> free_ports(std::size_t nodes) {
    const std::size_t span = nodes * kPortStep;
    const std::size_t step = (span + kPortBlock - 1) / kPortBlock * kPortBlock;
    constexpr std::size_t kPortMax = std::numeric_limits<std::uint16_t>::max();
    for (std::size_t base = kBasePort; base + span <= kPortMax; base += step) {
        bool all = true;
        for (std::size_t i = 0; all && i < span; ++i) {
            all = i % kPortStep >= kPortsOfNode || port_free(static_cast<std::uint16_t>(base + i));
        }
        if (all) {
            return static_cast<std::uint16_t>(base);
        }
    }
    return std::unexpected(Failure(
        "there is no free block of ports above 26600; end other devnets, or name --base-port"));
}

Fallible<void> check_home(const fs::path& home) {
    std::error_code failed;
    if (!fs::exists(home, failed)) {
        return {};
    }
    if (!fs::is_directory(home, failed)) {
        return std::unexpected(Failure(home.string() + " is no directory; choose another --home"));
    }
    const bool ours =
        fs::exists(home / "devnet.json", failed) || fs::exists(home / "devnet.toml", failed);
    if (ours || fs::is_empty(home, failed)) {
        return {};
    }
    return std::unexpected(
        Failure(home.string() + " holds something else than a devnet; choose another --home"));
}

Fallible<void> check_start(
    const Devnet& devnet, std::span<const Node> nodes, const std::string& version) {
    POLIS_TRY_VOID(check_program(devnet.polisd, version));
    POLIS_TRY_VOID(check_ports(nodes));
    POLIS_TRY_VOID(check_disk(devnet.home, nodes.size()));
    return check_files();
}

}  // namespace polis::tools::devnet
