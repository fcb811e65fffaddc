#include <tools/devnet/bundle.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <tools/devnet/node_home.hpp>
#include <tools/devnet/status.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPatience{2'000};

/// The end of a file that may be long; empty if there is none.
std::string tail_of(const fs::path& file, std::uint64_t bytes) {
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    const std::streamoff size = in.tellg();
    if (size <= 0) {
        return {};
    }
    in.seekg(std::max<std::streamoff>(0, size - static_cast<std::streamoff>(bytes)));
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Answers of a node as lines of JSON; what it does not answer stands there as its error.
std::string ask(RpcClient& client, const std::vector<RpcCall>& calls) {
    std::string out;
    for (const RpcCall& call : calls) {
        const auto answer = client.call(call.method, call.params);
        Json line = {{"method", call.method}, {"params", call.params}};
        if (answer) {
            line["result"] = *answer;
        } else {
            line["error"] = describe(answer.error());
        }
        out += line.dump() + '\n';
    }
    return out;
}

std::vector<RpcCall> block_calls(std::uint64_t height) {
    std::vector<RpcCall> out;
    const std::uint64_t first = height < kBundleBlocks ? 0 : height - kBundleBlocks + 1;
    for (std::uint64_t i = first; i <= height; ++i) {
        out.push_back({"chain_getBlock", {{"block", i}, {"full", true}}});
        out.push_back({"chain_getCertificate", {{"block", i}}});
    }
    return out;
}

Fallible<void> gather_node(const Devnet& devnet, const NodeStatus& status, const fs::path& to) {
    const Node& node = status.node;
    std::error_code failed;
    fs::create_directories(to, failed);
    POLIS_TRY_VOID(write_file(to / "node.log", tail_of(log_file(devnet, node), kBundleLogBytes)));
    POLIS_TRY_VOID(write_file(
        to / "config.toml", tail_of(node_home(devnet, node) / "config.toml", kBundleLogBytes)));
    if (status.health != Health::kRunning) {
        return {};
    }
    RpcClient client = rpc_client(node, kPatience);
    const auto metrics = client.get("/metrics");
    POLIS_TRY_VOID(
        write_file(to / "metrics.txt", metrics ? *metrics : describe(metrics.error()) + '\n'));
    POLIS_TRY_VOID(write_file(
        to / "state.jsonl",
        ask(client,
            {{"node_info"},
             {"node_health"},
             {"node_syncStatus"},
             {"node_peers"},
             {"consensus_info"},
             {"consensus_state"},
             {"consensus_evidence"},
             {"mempool_status"}})));
    return write_file(to / "blocks.jsonl", ask(client, block_calls(status.height)));
}

Fallible<void> gather(const Devnet& devnet, const fs::path& to, const std::string& version) {
    Json nodes = Json::array();
    for (const NodeStatus& status : status_of(devnet)) {
        nodes.push_back(to_json(status));
        POLIS_TRY_VOID(gather_node(devnet, status, to / fmt::format("node-{}", status.node.index)));
    }
    const Json overview = {{"version", version}, {"nodes", std::move(nodes)}};
    POLIS_TRY_VOID(write_file(to / "status.json", overview.dump(2) + '\n'));
    POLIS_TRY_VOID(write_file(to / "devnet.json", to_state(devnet)));
    POLIS_TRY_VOID(write_file(to / "genesis.toml", genesis_text(devnet.manifest)));
    return write_file(to / "devnet.toml", to_toml(devnet.manifest));
}

}  // namespace

Fallible<void> write_bundle(
    const Devnet& devnet, const fs::path& file, const std::string& version) {
    std::error_code failed;
    if (fs::exists(file, failed)) {
        return std::unexpected(
            Failure(file.string() + " exists; choose another name with --output"));
    }
    const auto tar = find_program("tar");
    if (!tar) {
        return std::unexpected(Failure(
            "there is no program tar; install it, or send the directory " + devnet.home.string() +
            " without its *.key and api.token files"));
    }
    std::string name = (fs::temp_directory_path(failed) / "polis-bundle-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
        return std::unexpected(
            Failure("cannot make a temporary directory; is there space left in /tmp?"));
    }
    const fs::path folder = fs::path(name) / "bundle";
    fs::create_directories(folder, failed);
    auto done = gather(devnet, folder, version);
    if (done) {
        const auto packed =
            run_program({*tar, "-czf", fs::absolute(file).string(), "-C", name, "bundle"});
        if (!packed || packed->code != 0) {
            done = std::unexpected(Failure(fmt::format(
                "tar failed: {}; is there space for {}?",
                packed ? packed->output : packed.error().message,
                file.string())));
        }
    }
    fs::remove_all(name, failed);
    return done;
}

}  // namespace polis::tools::devnet
