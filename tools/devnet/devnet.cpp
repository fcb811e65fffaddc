#include <tools/devnet/devnet.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>

#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/devnet/node_home.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kStateVersion = 1;
constexpr std::chrono::milliseconds kAdminTimeout{5'000};

fs::path state_file(const fs::path& home) { return home / "devnet.json"; }

Json node_to_json(const Devnet& devnet, const Node& node) {
    return {
        {"index", node.index},
        {"home", node_home(devnet, node).string()},
        {"validator", node.validator},
        {"id", node.id},
        {"p2p", fmt::format("127.0.0.1:{}", node.p2p_port)},
        {"rpc", fmt::format("http://127.0.0.1:{}", node.rpc_port)},
        {"admin", fmt::format("http://127.0.0.1:{}", node.admin_port)},
        {"pid", node.process.pid},
        {"started", node.process.started}};
}

/// @throws nlohmann::json::exception for missing members and wrong types
Devnet read_state(const Json& json, const fs::path& home) {
    Devnet out;
    out.home = home;
    out.polisd = json.at("polisd").get<std::string>();
    const Json& manifest = json.at("manifest");
    out.manifest = {
        .nodes = manifest.at("nodes").get<std::size_t>(),
        .election = manifest.at("election").get<std::string>(),
        .seed = manifest.at("seed").get<std::string>(),
        .accounts = manifest.at("accounts").get<std::size_t>(),
        .block_interval_ms = manifest.at("block_interval_ms").get<std::uint64_t>(),
        .base_port = manifest.at("base_port").get<std::uint16_t>()};
    for (const Json& row : json.at("nodes")) {
        Node node = make_node(
            out.manifest, row.at("index").get<std::size_t>(), row.at("validator").get<bool>());
        node.process = {row.at("pid").get<pid_t>(), row.at("started").get<std::uint64_t>()};
        out.nodes.push_back(std::move(node));
    }
    return out;
}

}  // namespace

fs::path home_of(const std::string& option) {
    std::string home = option;
    if (home.empty()) {
        const char* set = std::getenv("POLIS_DEVNET");  // NOLINT(concurrency-mt-unsafe)
        std::error_code failed;
        const bool inside = fs::exists("devnet.json", failed);
        home = set != nullptr && *set != '\0' ? set : inside ? "." : "devnet";
    }
    return fs::absolute(home).lexically_normal();
}

std::string to_state(const Devnet& devnet) {
    Json nodes = Json::array();
    for (const Node& node : devnet.nodes) {
        nodes.push_back(node_to_json(devnet, node));
    }
    const Json out = {
        {"version", kStateVersion},
        {"home", devnet.home.string()},
        {"polisd", devnet.polisd},
        {"manifest",
         {{"nodes", devnet.manifest.nodes},
          {"election", devnet.manifest.election},
          {"seed", devnet.manifest.seed},
          {"accounts", devnet.manifest.accounts},
          {"block_interval_ms", devnet.manifest.block_interval_ms},
          {"base_port", devnet.manifest.base_port}}},
        {"nodes", std::move(nodes)}};
    return out.dump(2) + '\n';
}

Fallible<Devnet> parse_state(std::string_view text, const fs::path& home) {
    const std::string file = state_file(home).string();
    const auto damaged = [&] {
        return std::unexpected(Failure(
            file + " is damaged; `polis devnet reset` in its directory begins a new devnet"));
    };
    const auto json = parse_json(text);
    if (!json) {
        return damaged();
    }
    try {
        if (json->at("version").get<std::uint64_t>() != kStateVersion) {
            return std::unexpected(Failure(
                file +
                " was written by another version of polis; use that one, or another --home"));
        }
        return read_state(*json, home);
    } catch (const Json::exception&) {
        return damaged();
    }
}

Fallible<Devnet> load(const fs::path& home) {
    std::error_code failed;
    if (!fs::exists(state_file(home), failed)) {
        return std::unexpected(Failure(fmt::format(
            "there is no devnet in {}; make one with `polis devnet up`, or name another with "
            "--home",
            home.string())));
    }
    POLIS_TRY(const std::string text, read_file(state_file(home)));
    return parse_state(text, home);
}

Fallible<void> save(const Devnet& devnet) {
    return write_file(state_file(devnet.home), to_state(devnet));
}

std::optional<Devnet> find() {
    auto found = load(home_of({}));
    return found ? std::optional{*std::move(found)} : std::nullopt;
}

Fallible<FileDescriptor> lock(const fs::path& home) {
    FileDescriptor file(::open((home / "devnet.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) {
        return std::unexpected(
            Failure(fmt::format("cannot write to {}; check its permissions", home.string())));
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        return std::unexpected(Failure(fmt::format(
            "another command is changing the devnet in {}; wait until it is done", home.string())));
    }
    return file;
}

fs::path node_home(const Devnet& devnet, const Node& node) {
    return devnet.home / fmt::format("node-{}", node.index);
}

fs::path log_file(const Devnet& devnet, const Node& node) {
    return node_home(devnet, node) / "node.log";
}

ProcessState state_of(const Devnet& devnet, const Node& node) {
    return state_of(node.process, node_home(devnet, node).string());
}

Fallible<std::size_t> position_of(const Devnet& devnet, std::size_t index) {
    const auto found = std::ranges::find(devnet.nodes, index, &Node::index);
    if (found == devnet.nodes.end()) {
        std::vector<std::size_t> known;
        for (const Node& node : devnet.nodes) {
            known.push_back(node.index);
        }
        return std::unexpected(Failure(
            fmt::format("there is no node {}; this devnet has {}", index, fmt::join(known, ", "))));
    }
    return static_cast<std::size_t>(found - devnet.nodes.begin());
}

Node make_node(const Manifest& manifest, std::size_t index, bool validator) {
    const auto port = static_cast<std::uint16_t>(manifest.base_port + index * kPortStep);
    Node node;
    node.index = index;
    node.validator = validator;
    node.id = to_hex_prefixed(identity_key(manifest.seed, index).public_key().view());
    node.p2p_port = port;
    node.rpc_port = static_cast<std::uint16_t>(port + 1);
    node.admin_port = static_cast<std::uint16_t>(port + 2);
    return node;
}

HttpAddress rpc_address(const Node& node) { return {"127.0.0.1", node.rpc_port}; }

RpcClient rpc_client(const Node& node, std::chrono::milliseconds timeout) {
    return RpcClient(rpc_address(node), {.token = {}, .timeout = timeout});
}

Fallible<RpcClient> admin_client(const Devnet& devnet, const Node& node) {
    POLIS_TRY(std::string token, read_file(node_home(devnet, node) / "api.token"));
    token.erase(token.find_last_not_of(" \r\n") + 1);
    return RpcClient(
        HttpAddress{"127.0.0.1", node.admin_port},
        {.token = std::move(token), .timeout = kAdminTimeout});
}

Fallible<std::string> read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in.good() && !in.eof()) {
        return std::unexpected(
            Failure("cannot read " + file.string() + "; is it there, and may you read it?"));
    }
    return text;
}

Fallible<void> write_file(const fs::path& file, std::string_view text) {
    const fs::path fresh = file.string() + ".new";
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    const bool written = static_cast<bool>(out.flush());
    out.close();
    std::error_code failed;
    if (written) {
        fs::rename(fresh, file, failed);
    }
    if (!written || failed) {
        return std::unexpected(
            Failure("cannot write " + file.string() + "; check space and permissions"));
    }
    return {};
}

}  // namespace polis::tools::devnet
