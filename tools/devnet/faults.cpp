#include <tools/devnet/faults.hpp>

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include <core/integer.hpp>

namespace polis::tools::devnet {

namespace {

constexpr std::string_view kGroupsCure = "write groups like 0,1/2,3";

Json to_json(const p2p::LinkFaults& faults) {
    return {
        {"latencyMs", faults.latency_ms},
        {"jitterMs", faults.jitter_ms},
        {"lossPpm", faults.loss_ppm},
        {"bytesPerS", faults.bytes_per_s},
        {"cut", faults.cut}};
}

/// @throws Json::exception for an answer of another shape
p2p::LinkFaults link_from(const Json& json) {
    return {
        .latency_ms = json.at("latencyMs").get<std::uint64_t>(),
        .jitter_ms = json.at("jitterMs").get<std::uint64_t>(),
        .loss_ppm = json.at("lossPpm").get<std::uint32_t>(),
        .bytes_per_s = json.at("bytesPerS").get<std::uint64_t>(),
        .cut = json.at("cut").get<bool>()};
}

void apply(const FaultChange& change, p2p::LinkFaults& faults) {
    faults.latency_ms = change.latency_ms.value_or(faults.latency_ms);
    faults.jitter_ms = change.jitter_ms.value_or(faults.jitter_ms);
    faults.loss_ppm = change.loss_ppm.value_or(faults.loss_ppm);
    faults.bytes_per_s = change.bytes_per_s.value_or(faults.bytes_per_s);
    faults.cut = change.cut.value_or(faults.cut);
}

/// The faults of one node, those with no effect left out.
Fallible<std::vector<Fault>> faults_of(const Devnet& devnet, const Node& node, RpcClient& client) {
    const auto listed = client.call("dev_faultList");
    if (!listed) {
        return std::unexpected(to_failure(listed.error()));
    }
    std::vector<Fault> out;
    try {
        for (const Json& row : listed->at("faults")) {
            const auto peer = row.find("peer");
            const p2p::LinkFaults what = link_from(row);
            if (peer == row.end() || !peer->is_string() || what == p2p::LinkFaults{}) {
                continue;  // polis sets each link by name
            }
            const auto to = std::ranges::find(devnet.nodes, peer->get<std::string>(), &Node::id);
            if (to != devnet.nodes.end()) {
                out.push_back({node.index, to->index, what});
            }
        }
    } catch (const Json::exception&) {
        return std::unexpected(Failure(fmt::format(
            "node {} lists its faults in a way that this program does not know; are both of one "
            "version?",
            node.index)));
    }
    return out;
}

struct Plan {
    std::size_t to = 0;  ///< index
    FaultChange change;
};

Fallible<void> change_node(const Devnet& devnet, const Node& node, const std::vector<Plan>& plans) {
    POLIS_TRY(RpcClient client, admin_client(devnet, node));
    POLIS_TRY(const std::vector<Fault> known, faults_of(devnet, node, client));
    for (const Plan& plan : plans) {
        const auto old = std::ranges::find(known, plan.to, &Fault::to);
        p2p::LinkFaults faults = old == known.end() ? p2p::LinkFaults{} : old->what;
        apply(plan.change, faults);
        POLIS_TRY(const std::size_t to, position_of(devnet, plan.to));
        Json params = to_json(faults);
        params["peer"] = devnet.nodes[to].id;
        if (const auto done = client.call("dev_faultSet", std::move(params)); !done) {
            return std::unexpected(to_failure(done.error()));
        }
    }
    return {};
}

bool runs(const Devnet& devnet, const Node& node) {
    return state_of(devnet, node) == ProcessState::kRunning;
}

}  // namespace

Fallible<std::size_t> change_faults(
    const Devnet& devnet, const Links& links, const FaultChange& change) {
    for (const auto& named : {links.from, links.to}) {
        if (named) {
            POLIS_TRY_VOID(position_of(devnet, *named));
        }
    }
    std::size_t changed = 0;
    for (const Node& node : devnet.nodes) {
        if ((links.from && *links.from != node.index) || !runs(devnet, node)) {
            continue;
        }
        std::vector<Plan> plans;
        for (const Node& other : devnet.nodes) {
            if (other.index != node.index && (!links.to || *links.to == other.index)) {
                plans.push_back({other.index, change});
            }
        }
        POLIS_TRY_VOID(change_node(devnet, node, plans));
        changed += plans.size();
    }
    if (changed == 0) {
        return std::unexpected(
            Failure("none of these nodes runs; start them with `polis devnet up`"));
    }
    return changed;
}

Fallible<std::vector<std::vector<std::size_t>>> parse_groups(std::string_view text) {
    std::vector<std::vector<std::size_t>> out;
    std::set<std::size_t> seen;
    std::istringstream groups{std::string(text)};
    for (std::string group; std::getline(groups, group, '/');) {
        std::istringstream words(group);
        std::vector<std::size_t> members;
        for (std::string word; std::getline(words, word, ',');) {
            const auto index = parse_u64(word);
            if (!index) {
                return wrong_usage(
                    fmt::format("'{}' is no number of a node; {}", word, kGroupsCure));
            }
            if (!seen.insert(*index).second) {
                return wrong_usage(
                    fmt::format("node {} stands twice in '{}'; {}", *index, text, kGroupsCure));
            }
            members.push_back(*index);
        }
        if (members.empty()) {
            return wrong_usage(fmt::format("'{}' has an empty group; {}", text, kGroupsCure));
        }
        out.push_back(std::move(members));
    }
    if (out.empty()) {
        return wrong_usage(fmt::format("there is no group in '{}'; {}", text, kGroupsCure));
    }
    return out;
}

Fallible<std::size_t> partition(
    const Devnet& devnet, const std::vector<std::vector<std::size_t>>& groups) {
    for (const auto& group : groups) {
        for (const std::size_t index : group) {
            POLIS_TRY_VOID(position_of(devnet, index));
        }
    }
    const auto group_of = [&](std::size_t index) {
        const auto found = std::ranges::find_if(groups, [&](const auto& group) {
            return std::ranges::find(group, index) != group.end();
        });
        return found - groups.begin();
    };
    std::size_t links = 0;
    for (const Node& node : devnet.nodes) {
        if (!runs(devnet, node)) {
            continue;
        }
        std::vector<Plan> plans;
        for (const Node& other : devnet.nodes) {
            if (other.index != node.index) {
                const bool cut = group_of(node.index) != group_of(other.index);
                FaultChange change;
                change.cut = cut;
                plans.push_back({other.index, change});
                links += cut ? 1 : 0;
            }
        }
        POLIS_TRY_VOID(change_node(devnet, node, plans));
    }
    return links;
}

Fallible<void> clear_faults(const Devnet& devnet) {
    for (const Node& node : devnet.nodes) {
        if (runs(devnet, node)) {
            POLIS_TRY(RpcClient client, admin_client(devnet, node));
            if (const auto done = client.call("dev_faultClear"); !done) {
                return std::unexpected(to_failure(done.error()));
            }
        }
    }
    return {};
}

Fallible<std::vector<Fault>> list_faults(const Devnet& devnet) {
    std::vector<Fault> out;
    for (const Node& node : devnet.nodes) {
        if (runs(devnet, node)) {
            POLIS_TRY(RpcClient client, admin_client(devnet, node));
            POLIS_TRY(const std::vector<Fault> mine, faults_of(devnet, node, client));
            out.insert(out.end(), mine.begin(), mine.end());
        }
    }
    return out;
}

}  // namespace polis::tools::devnet
