#include <tools/devnet/members.hpp>

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/payload.hpp>
#include <tools/client/sender.hpp>
#include <tools/devnet/node_home.hpp>
#include <tools/devnet/status.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kPolis = 1'000'000'000;
constexpr Amount kStake{10'000 * kPolis};  ///< as the validators of the genesis have
constexpr Amount kStakeAndFees{10'001 * kPolis};
constexpr std::uint16_t kCommissionBps = 1'000;
constexpr std::chrono::milliseconds kTxnPatience{30'000};

std::uint64_t best_height(const Devnet& devnet) {
    std::uint64_t best = 0;
    for (const NodeStatus& node : status_of(devnet)) {
        best = std::max(best, node.height);
    }
    return best;
}

/// Coins from a public account, then the registration and the stake of the new operator.
Fallible<void> register_validator(
    const Devnet& devnet, const Node& node, RpcClient& client, const Say& say) {
    const std::string& seed = devnet.manifest.seed;
    const auto operator_key = genesis::dev_operator_key(seed, node.index);
    const auto consensus_key = genesis::dev_consensus_key(seed, node.index);
    const Address address = crypto::address_of(operator_key.public_key());
    const auto send = [&](const crypto::SigningKey& key,
                          ledger::Payload payload,
                          std::string_view what) -> Fallible<void> {
        POLIS_TRY(const Sent sent, send_payload(client, key, std::move(payload), {}));
        POLIS_TRY(const Executed done, wait_success(client, sent.id, kTxnPatience, say));
        say(fmt::format("{} in block {}", what, done.height.value));
        return {};
    };
    POLIS_TRY_VOID(send(
        genesis::dev_account_key(seed, 0), ledger::Transfer{address, kStakeAndFees}, "coins sent"));
    POLIS_TRY(const SenderView view, sender_view(client, address));
    POLIS_TRY_VOID(send(
        operator_key,
        ledger::RegisterValidator{
            .consensus_key = consensus_key.public_key(),
            .vrf_key = genesis::dev_vrf_key(seed, node.index).public_key(),
            .commission_bps = kCommissionBps,
            .possession =
                consensus_key.sign(ledger::staking::possession_message(view.chain_id, address))},
        "validator registered"));
    return send(operator_key, ledger::Delegate{address, kStake}, "stake delegated");
}

/// Has all running nodes copy their state, and waits for the block that proves the copies.
Fallible<void> take_snapshots(const Devnet& devnet, const Wait& wait, const Say& say) {
    Devnet running = devnet;
    std::erase_if(running.nodes, [&](const Node& node) {
        return state_of(devnet, node) != ProcessState::kRunning;
    });
    std::uint64_t height = 0;
    for (const Node& node : running.nodes) {
        POLIS_TRY(RpcClient client, admin_client(devnet, node));
        const auto taken = client.call("admin_snapshot");
        if (!taken) {
            return std::unexpected(to_failure(taken.error()));
        }
        height = std::max(height, taken->value("height", std::uint64_t{0}));
    }
    say(fmt::format("{} nodes have copied their state", running.nodes.size()));
    return wait_for(running, {.finalized = height + 1, .timeout = wait.timeout}, say);
}

}  // namespace

Fallible<Node> any_running(const Devnet& devnet) {
    const auto found = std::ranges::find_if(devnet.nodes, [&](const Node& node) {
        return state_of(devnet, node) == ProcessState::kRunning;
    });
    if (found == devnet.nodes.end()) {
        return std::unexpected(
            Failure("no node of the devnet runs; start it with `polis devnet up`"));
    }
    return *found;
}

Fallible<std::size_t> add_node(Devnet& devnet, const AddOptions& options, const Say& say) {
    POLIS_TRY(const Node helper, any_running(devnet));
    const std::size_t index = devnet.nodes.back().index + 1;
    if (index >= kNodesMax) {
        return std::unexpected(Failure(fmt::format(
            "a devnet has at most {} nodes; begin a new one with more --nodes", kNodesMax)));
    }
    devnet.nodes.push_back(make_node(devnet.manifest, index, options.validator));
    if (options.from_snapshot) {
        Devnet before = devnet;
        before.nodes.pop_back();
        POLIS_TRY_VOID(take_snapshots(before, options.wait, say));
    }
    const Beginning beginning = options.from_snapshot ? Beginning::kSnapshot : Beginning::kGenesis;
    POLIS_TRY_VOID(make_home(devnet, devnet.nodes.back(), beginning));
    const std::uint64_t goal = best_height(devnet);
    const Begin what{
        .positions = {devnet.nodes.size() - 1}, .version = options.version, .detached = true};
    POLIS_TRY_VOID(begin(devnet, what, say));
    Devnet alone = devnet;
    alone.nodes = {devnet.nodes.back()};
    POLIS_TRY_VOID(wait_for(alone, {.finalized = goal, .timeout = options.wait.timeout}, say));
    if (options.validator) {
        RpcClient client = rpc_client(helper, kTxnPatience);
        POLIS_TRY_VOID(register_validator(devnet, devnet.nodes.back(), client, say));
    }
    return index;
}

Fallible<void> remove_node(Devnet& devnet, std::size_t index, const Say& say) {
    POLIS_TRY(const std::size_t position, position_of(devnet, index));
    if (index < devnet.manifest.nodes) {
        return std::unexpected(Failure(fmt::format(
            "node {} is a validator of the genesis and stays one; to end it: polis devnet fault "
            "kill {}",
            index,
            index)));
    }
    POLIS_TRY_VOID(down(devnet, {index}, say));
    std::error_code ignored;
    fs::remove_all(node_home(devnet, devnet.nodes[position]), ignored);
    devnet.nodes.erase(devnet.nodes.begin() + static_cast<std::ptrdiff_t>(position));
    return save(devnet);
}

}  // namespace polis::tools::devnet
