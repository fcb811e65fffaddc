#include <tools/devnet/status.hpp>

#include <array>
#include <chrono>
#include <future>

#include <fmt/format.h>

namespace polis::tools::devnet {

namespace {

constexpr std::chrono::milliseconds kPatience{1'000};

/// The member, or the default if it is missing or something else.
template <class T>
T member(const Json& object, const char* key, T fallback = {}) {
    if (!object.is_object()) {
        return fallback;
    }
    const auto found = object.find(key);
    if (found == object.end()) {
        return fallback;
    }
    try {
        return found->get<T>();
    } catch (const Json::exception&) {
        return fallback;
    }
}

/// Milliseconds from a moment of the nodes' clock, which is this machine's.
std::uint64_t since(std::uint64_t moment_ms) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const auto now_ms = static_cast<std::uint64_t>(now.count());
    return now_ms > moment_ms ? now_ms - moment_ms : 0;
}

void read_answers(NodeStatus& out, const std::vector<RpcClient::Answer>& answers) {
    const auto answer = [&](std::size_t i) { return answers[i] ? *answers[i] : Json::object(); };
    const Json head = answer(0);
    out.height = member<std::uint64_t>(head, "height");
    out.hash = member<std::string>(head, "hash");
    out.state_root = member<std::string>(head, "stateRoot");
    const Json health = answer(1);
    out.ready = member<bool>(health, "ready");
    out.reasons = member<std::vector<std::string>>(health, "reasons");
    out.lag_ms = since(member<std::uint64_t>(health, "headSinceMs"));
    out.peers = member<std::uint64_t>(health, "peers");
    const Json state = answer(2);
    out.term = member<std::uint64_t>(state, "term");
    out.view = member<std::uint64_t>(state, "view");
    out.leader = member<std::string>(state, "leader");
    out.explanation = member<std::string>(state, "explanation");
    out.mempool = member<std::uint64_t>(answer(3), "count");
}

void read_cuts(NodeStatus& out, const Devnet& devnet) {
    auto admin = admin_client(devnet, out.node);
    if (!admin) {
        return;
    }
    const auto listed = admin->call("dev_faultList", Json::object(), kPatience);
    if (!listed) {
        return;
    }
    for (const Json& fault : member<std::vector<Json>>(*listed, "faults")) {
        if (member<bool>(fault, "cut")) {
            out.cut_off.push_back(member<std::string>(fault, "peer"));
        }
    }
}

NodeStatus ask(const Devnet& devnet, const Node& node) {
    NodeStatus out;
    out.node = node;
    switch (state_of(devnet, node)) {
        case ProcessState::kGone:
            return out;
        case ProcessState::kPaused:
            out.health = Health::kPaused;
            out.usage = usage_of(node.process.pid);
            return out;
        case ProcessState::kRunning:
            break;
    }
    out.usage = usage_of(node.process.pid);
    static const std::array<RpcCall, 4> kCalls = {
        RpcCall{"chain_head"},
        RpcCall{"node_health"},
        RpcCall{"consensus_state"},
        RpcCall{"mempool_status"}};
    const auto answers = rpc_client(node, kPatience).batch(kCalls);
    if (!answers) {
        out.health = Health::kSilent;
        out.explanation = answers.error().message;
        return out;
    }
    out.health = Health::kRunning;
    read_answers(out, *answers);
    read_cuts(out, devnet);
    return out;
}

}  // namespace

std::string_view to_string(Health health) {
    switch (health) {
        case Health::kDown:
            return "down";
        case Health::kPaused:
            return "paused";
        case Health::kSilent:
            return "silent";
        case Health::kRunning:
            return "running";
    }
    return "unknown";
}

std::vector<NodeStatus> status_of(const Devnet& devnet) {
    std::vector<std::future<NodeStatus>> asked;
    asked.reserve(devnet.nodes.size());
    for (const Node& node : devnet.nodes) {
        asked.push_back(
            std::async(std::launch::async, [&devnet, &node] { return ask(devnet, node); }));
    }
    std::vector<NodeStatus> out;
    out.reserve(asked.size());
    for (auto& answer : asked) {
        out.push_back(answer.get());
    }
    return out;
}

Json to_json(const NodeStatus& status) {
    Json out = {
        {"node", status.node.index},
        {"validator", status.node.validator},
        {"state", to_string(status.health)},
        {"rpc", "http://" + rpc_address(status.node).text()},
        {"pid", status.health == Health::kDown ? 0 : status.node.process.pid}};
    if (status.health == Health::kRunning) {
        out["ready"] = status.ready;
        out["reasons"] = status.reasons;
        out["height"] = status.height;
        out["hash"] = status.hash;
        out["stateRoot"] = status.state_root;
        out["term"] = status.term;
        out["view"] = status.view;
        out["leader"] = status.leader;
        out["peers"] = status.peers;
        out["mempool"] = status.mempool;
        out["lagMs"] = status.lag_ms;
        out["explanation"] = status.explanation;
    }
    if (status.usage) {
        out["residentBytes"] = status.usage->resident_bytes;
        out["cpuMs"] = status.usage->cpu_ms;
        out["ageMs"] = status.usage->age_ms;
    }
    return out;
}

}  // namespace polis::tools::devnet
