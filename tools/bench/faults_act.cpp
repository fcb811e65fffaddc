#include <tools/bench/faults_act.hpp>

#include <algorithm>
#include <chrono>
#include <future>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <tools/bench/launcher.hpp>
#include <tools/devnet/faults.hpp>
#include <tools/devnet/lifecycle.hpp>
#include <tools/devnet/status.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::chrono::milliseconds kReadyPatience{20'000};

void say_nothing(std::string_view) {}

/// The node whose operator leads the next block, as most nodes see it; the first one if none says.
std::size_t leading_node(const devnet::Devnet& devnet) {
    std::vector<std::size_t> votes(devnet.nodes.size());
    for (const devnet::NodeStatus& status : devnet::status_of(devnet)) {
        for (std::size_t i = 0; i < devnet.nodes.size(); ++i) {
            const auto key = genesis::dev_operator_key(devnet.manifest.seed, devnet.nodes[i].index);
            const std::string address = crypto::to_text(crypto::address_of(key.public_key()));
            if (status.leader == address) {
                ++votes[i];
            }
        }
    }
    const auto most = std::ranges::max_element(votes) - votes.begin();
    return devnet.nodes[static_cast<std::size_t>(most)].index;
}

/// Whether the nodes were started to end with this process, as those that join them must be.
bool end_with_parent(const devnet::Devnet& devnet) {
    return std::ranges::none_of(devnet.nodes, [](const devnet::Node& node) {
        return node.process.pid > 0 && ::getsid(node.process.pid) == node.process.pid;
    });
}

/// The links that leave one node.
Fallible<void> delay_by_region(const devnet::Devnet& devnet, const devnet::Node& from) {
    for (const devnet::Node& to : devnet.nodes) {
        if (to.index == from.index) {
            continue;
        }
        const std::uint64_t one_way = kOneWayMs[from.index % kRegions][to.index % kRegions];
        devnet::FaultChange change;
        change.latency_ms = one_way;
        change.jitter_ms = std::max<std::uint64_t>(1, one_way * kJitterPercent / 100);
        POLIS_TRY_VOID(devnet::change_faults(devnet, {.from = from.index, .to = to.index}, change));
    }
    return {};
}

}  // namespace

std::vector<std::size_t> last_nodes(std::size_t nodes, std::size_t count) {
    std::vector<std::size_t> out(std::min(nodes, count));
    std::iota(out.begin(), out.end(), nodes - out.size());
    return out;
}

Fallible<void> kill_all(devnet::Devnet& devnet, const std::vector<std::size_t>& indices) {
    for (const std::size_t index : indices) {
        POLIS_TRY_VOID(devnet::kill_node(devnet, index));
    }
    return {};
}

Fallible<void> start_all(devnet::Devnet& devnet, const std::vector<std::size_t>& indices) {
    devnet::Begin what{.positions = {}, .version = {}, .detached = !end_with_parent(devnet)};
    for (const std::size_t index : indices) {
        POLIS_TRY(const std::size_t position, devnet::position_of(devnet, index));
        what.positions.push_back(position);
    }
    return on_lasting_thread([&] { return devnet::begin(devnet, what, say_nothing); });
}

Fallible<void> restart_gracefully(devnet::Devnet& devnet, std::size_t index) {
    POLIS_TRY_VOID(devnet::down(devnet, {index}, say_nothing));
    POLIS_TRY_VOID(start_all(devnet, {index}));
    POLIS_TRY(const std::size_t position, devnet::position_of(devnet, index));
    devnet::Devnet alone = devnet;
    alone.nodes = {devnet.nodes[position]};
    return devnet::wait_for(
        alone, {.finalized = std::nullopt, .timeout = kReadyPatience}, say_nothing);
}

Fallible<void> cut_in_halves(const devnet::Devnet& devnet) {
    std::vector<std::vector<std::size_t>> halves(2);
    for (std::size_t i = 0; i < devnet.nodes.size(); ++i) {
        halves[i < devnet.nodes.size() / 2 ? 0 : 1].push_back(devnet.nodes[i].index);
    }
    POLIS_TRY_VOID(devnet::partition(devnet, halves));
    return {};
}

Fallible<void> slow_down_leader(const devnet::Devnet& devnet, std::uint64_t latency_ms) {
    const std::size_t leader = leading_node(devnet);
    devnet::FaultChange change;
    change.latency_ms = latency_ms;
    POLIS_TRY_VOID(devnet::change_faults(devnet, {.from = leader, .to = std::nullopt}, change));
    POLIS_TRY_VOID(devnet::change_faults(devnet, {.from = std::nullopt, .to = leader}, change));
    return {};
}

Fallible<void> spread_over_regions(const devnet::Devnet& devnet) {
    std::vector<std::future<Fallible<void>>> asked;
    for (const devnet::Node& node : devnet.nodes) {
        asked.push_back(std::async(
            std::launch::async, [&devnet, &node] { return delay_by_region(devnet, node); }));
    }
    Fallible<void> out;
    for (auto& answer : asked) {
        if (Fallible<void> done = answer.get(); !done && out) {
            out = std::move(done);
        }
    }
    return out;
}

Fallible<void> lose_messages(const devnet::Devnet& devnet, std::uint32_t loss_ppm) {
    devnet::FaultChange change;
    change.loss_ppm = loss_ppm;
    POLIS_TRY_VOID(
        devnet::change_faults(devnet, {.from = std::nullopt, .to = std::nullopt}, change));
    return {};
}

}  // namespace polis::tools::bench
