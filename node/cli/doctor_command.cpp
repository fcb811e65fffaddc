#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <node/app/open_chain.hpp>
#include <node/cli/command.hpp>
#include <node/config/peer_address.hpp>
#include <node/home/home.hpp>
#include <node/home/identity.hpp>
#include <node/runtime/clock.hpp>
#include <p2p/endpoint.hpp>

/// Looks at a home and its machine before the node runs, and says what would go wrong.
namespace polis::node {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFreeBytesMin = std::uint64_t{1} << 30;
constexpr std::uint64_t kOpenFilesMin = 1'024;
constexpr std::uint64_t kSyncUsGood = 20'000;  ///< of a vote that must be on the disk first
constexpr int kSyncs = 8;
constexpr std::uint64_t kEarliestMs =
    1'767'225'600'000;  ///< 2026-01-01: a clock that was never set

enum class Grade : std::uint8_t { kGood, kWarning, kBad };

struct Finding {
    std::string check;
    Grade grade = Grade::kGood;
    std::string text;  ///< what was found; with a cure unless it is good
};

struct DoctorOptions : HomeOptions {
    bool json = false;
};

Finding good(std::string check, std::string text) {
    return {std::move(check), Grade::kGood, std::move(text)};
}

Finding bad(std::string check, std::string text) {
    return {std::move(check), Grade::kBad, std::move(text)};
}

Finding warning(std::string check, std::string text) {
    return {std::move(check), Grade::kWarning, std::move(text)};
}

Finding check_home(const HomeLayout& home) {
    struct stat status{};
    if (::stat(home.home.c_str(), &status) != 0) {
        return bad(
            "home",
            fmt::format(
                "{} cannot be looked at: {}; run: polisd init --home {}",
                home.home.string(),
                std::generic_category().message(errno),
                home.home.string()));
    }
    if (::access(home.home.c_str(), R_OK | W_OK | X_OK) != 0) {
        return bad(
            "home",
            fmt::format(
                "{} cannot be written; run as its owner or change its permissions",
                home.home.string()));
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return bad(
            "home",
            fmt::format(
                "everybody may write into {}; run: chmod o-w {}",
                home.home.string(),
                home.home.string()));
    }
    return good("home", home.home.string());
}

Finding check_keys(const HomeLayout& home, const NodeConfig& config) {
    std::error_code ignored;
    if (fs::exists(home.node_key(), ignored)) {
        if (const auto key = load_node_key(home); !key) {
            return bad("keys", key.error());
        }
    }
    const auto identity = load_identity(home);
    if (!identity) {
        return bad("keys", identity.error());
    }
    if (!*identity && config.consensus.validator) {
        return good("keys", "no validator keys: this node only follows");
    }
    return good("keys", "readable by their owner only");
}

Finding check_space(const HomeLayout& home) {
    std::error_code failed;
    const fs::space_info space = fs::space(home.home, failed);
    if (failed) {
        return warning("disk space", "cannot be told: " + failed.message());
    }
    const std::uint64_t mib = space.available >> 20;
    if (space.available < kFreeBytesMin) {
        return bad("disk space", fmt::format("{} MiB free; make room or move the home", mib));
    }
    return good("disk space", fmt::format("{} MiB free", mib));
}

/// The middle one of some synced writes: each vote and each block waits for one.
Finding check_sync(const HomeLayout& home) {
    std::string name = (home.home / "doctor-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    if (fd < 0) {
        return bad("disk speed", "cannot write into the home; check permissions");
    }
    std::vector<std::uint64_t> times;
    const std::array<char, 4'096> page{};
    bool written = true;
    for (int i = 0; i < kSyncs; ++i) {
        const std::uint64_t begin = Clock::steady_us();
        written = written &&
                  ::write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
                  ::fdatasync(fd) == 0;
        times.push_back(Clock::steady_us() - begin);
    }
    ::close(fd);
    ::unlink(name.c_str());
    if (!written) {
        return bad("disk speed", "a synced write failed; check the disk");
    }
    std::ranges::sort(times);
    const std::uint64_t middle = times[times.size() / 2];
    std::string text =
        fmt::format("{}.{:03} ms for a synced write", middle / 1'000, middle % 1'000);
    if (middle > kSyncUsGood) {
        return warning("disk speed", text + "; blocks will be slow, choose a faster disk");
    }
    return good("disk speed", std::move(text));
}

Finding check_port(const std::string& key, const std::string& listen) {
    if (listen.empty()) {
        return good(key, "listens nowhere");
    }
    const p2p::Endpoint endpoint = *parse_listen_address(listen);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(endpoint.port);
    std::ranges::copy(endpoint.address, address.sin6_addr.s6_addr);
    const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int no = 0;
    const int yes = 1;
    const bool free = fd >= 0 &&
                      ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == 0 &&
                      ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
                      ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    const std::string reason = std::generic_category().message(errno);
    if (fd >= 0) {
        ::close(fd);
    }
    if (!free) {
        return bad(
            key,
            fmt::format(
                "{}: {}; stop what uses it (perhaps this node) or choose another", listen, reason));
    }
    return good(key, listen + " is free");
}

Finding check_clock() {
    const TimeMs now = Clock().now();
    if (now.value < kEarliestMs) {
        return bad("clock", "shows a year before 2026; set the machine's time (NTP)");
    }
    return good("clock", "set");
}

Finding check_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    std::string text = fmt::format("{} open files allowed", limit.rlim_cur);
    if (limit.rlim_cur < kOpenFilesMin) {
        return bad("open files", text + fmt::format("; run: ulimit -n {}", kOpenFilesMin));
    }
    return good("open files", std::move(text));
}

Finding check_chain(const HomeLayout& home, const NodeConfig& config) {
    std::error_code ignored;
    if (!fs::exists(chain_dir(home.home), ignored)) {
        const auto genesis = read_genesis(home);
        return genesis ? good("chain", "none yet: made from genesis.toml at the first start")
                       : bad("chain", genesis.error());
    }
    const auto chain = open_chain(home, open_options(config.store));
    if (!chain) {
        return bad("chain", chain.error());
    }
    const ledger::Head& head = (*chain)->head();
    if (head.time.value > Clock().now().value + config.consensus.clock_drift_ms_max) {
        return bad(
            "chain",
            fmt::format(
                "its head, {}, is of a later time than this clock shows; set the machine's time "
                "(NTP)",
                head.height.value));
    }
    return good(
        "chain", fmt::format("opens, height {}, genesis as in genesis.toml", head.height.value));
}

std::vector<Finding> examine(const DoctorOptions& options) {
    const HomeLayout home{options.home};
    std::vector<Finding> out{check_home(home)};
    const auto config = load_config(options);
    if (!config) {
        out.push_back(bad("config", config.error()));
        return out;
    }
    out.push_back(good("config", "valid"));
    if (out.front().grade == Grade::kBad) {
        return out;
    }
    out.push_back(check_keys(home, *config));
    out.push_back(check_space(home));
    out.push_back(check_sync(home));
    out.push_back(check_port("p2p.listen", config->p2p.listen));
    out.push_back(check_port("rpc.listen", config->rpc.listen));
    out.push_back(check_port("admin.listen", config->admin.listen));
    out.push_back(check_clock());
    out.push_back(check_files());
    out.push_back(check_chain(home, *config));
    return out;
}

std::string_view name_of(Grade grade) {
    switch (grade) {
        case Grade::kGood:
            return "ok";
        case Grade::kWarning:
            return "warning";
        case Grade::kBad:
            return "bad";
    }
    return "";
}

Outcome doctor(const DoctorOptions& options) {
    const std::vector<Finding> findings = examine(options);
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const Finding& finding : findings) {
        rows.push_back(
            {{"check", finding.check}, {"grade", name_of(finding.grade)}, {"text", finding.text}});
        if (!options.json) {
            fmt::print("{:<8} {:<13} {}\n", name_of(finding.grade), finding.check, finding.text);
        }
    }
    const bool healthy = std::ranges::none_of(
        findings, [](const Finding& finding) { return finding.grade == Grade::kBad; });
    if (options.json) {
        const nlohmann::ordered_json answer{{"healthy", healthy}, {"checks", rows}};
        fmt::print("{}\n", answer.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    }
    return healthy ? kExitOk : kExitFailed;
}

}  // namespace

void add_doctor_command(Program& program) {
    const auto options = std::make_shared<DoctorOptions>();
    CLI::App& command = *program.app.add_subcommand(
        "doctor", "Say what would keep the node of a home from running well");
    add_home(command, *options);
    command.add_flag("--json", options->json, "Answer in JSON");
    add_config_flags(command, *options);
    command.footer("Exit code 1 if a check is bad; warnings alone give 0.");
    program.on(command, [options] { return doctor(*options); });
}

}  // namespace polis::node
