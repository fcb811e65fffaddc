#include <node/app/health.hpp>

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace polis::node {

namespace {

/// Without a block for so many views of the first length, something is wrong.
constexpr std::uint64_t kQuietViews = 5;

bool follows_live(const ValidatorView& machine) {
    return machine.phase != Phase::kSyncing &&
           machine.best_claim.value <= machine.head.height.value + 1;
}

}  // namespace

std::optional<std::string> clock_trouble(
    const rpc::Snapshot& snapshot, const NodeConfig::Consensus& config) {
    const std::uint64_t block_ms = snapshot.machine.head.time.value;
    const std::uint64_t seen_ms = snapshot.head_since.value;
    const std::uint64_t limit_ms = std::max<std::uint64_t>(config.clock_drift_ms_max, 1'000);
    if (block_ms > seen_ms + limit_ms) {
        return fmt::format(
            "this clock is {} s behind the chain's; set the machine's time (NTP)",
            (block_ms - seen_ms) / 1'000);
    }
    return std::nullopt;
}

std::vector<std::string> reasons_not_ready(
    const rpc::Snapshot& snapshot,
    const NodeConfig::Consensus& config,
    bool is_validator,
    TimeMs now) {
    std::vector<std::string> reasons;
    const ValidatorView& machine = snapshot.machine;
    if (machine.phase == Phase::kStopped) {
        reasons.emplace_back("agreement has stopped: see the alarms");
    }
    if (!follows_live(machine)) {
        reasons.push_back(fmt::format(
            "catching up: at height {} of {}",
            machine.head.height.value,
            machine.best_claim.value));
    }
    const bool alone = machine.members.size() == 1 && is_validator;
    if (snapshot.peers == 0 && !alone) {
        reasons.emplace_back("no peers: check p2p.boot and the network");
    }
    const std::uint64_t quiet_ms = now.value - std::min(now.value, snapshot.head_since.value);
    if (quiet_ms > kQuietViews * config.view_timeout_ms) {
        reasons.push_back(fmt::format("no block for {} s", quiet_ms / 1'000));
    }
    if (auto clock = clock_trouble(snapshot, config)) {
        reasons.push_back(*std::move(clock));
    }
    return reasons;
}

}  // namespace polis::node
