#include <tools/devnet/node_home.hpp>

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <core/hex.hpp>
#include <genesis/dev_keys.hpp>
#include <genesis/devnet.hpp>
#include <node/home/home.hpp>
#include <node/home/key_file.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

/// With transactions at hand a devnet makes blocks at this pace, whatever it does when idle.
constexpr std::uint64_t kBusyBlockIntervalMs = 100;

/// On one machine a leader that says nothing for so long is gone.
constexpr std::uint64_t kViewTimeoutMsMin = 1'000;
constexpr std::uint64_t kViewTimeoutMsMax = 60'000;

/// Of a view, in which a leader may wait on purpose for an interval.
std::uint64_t view_timeout_ms(std::uint64_t block_interval_ms) {
    return std::max(kViewTimeoutMsMin, 4 * block_interval_ms);
}

crypto::Seed seed_of(const Devnet& devnet, const Node& node, std::string_view role) {
    return genesis::dev_seed(
        devnet.manifest.seed, fmt::format("validator {} {}", node.index, role));
}

Fallible<void> write_keys(const Devnet& devnet, const Node& node) {
    const fs::path home = node_home(devnet, node);
    std::error_code failed;
    fs::create_directories(home / "validator", failed);
    if (failed) {
        return std::unexpected(Failure(
            fmt::format("cannot make {}: {}; check permissions", home.string(), failed.message())));
    }
    const auto identity =
        genesis::dev_seed(devnet.manifest.seed, fmt::format("node {} identity", node.index));
    POLIS_TRY_VOID(node::write_key_file(home / "node.key", identity));
    if (!node.validator) {
        return {};
    }
    const fs::path keys = home / "validator";
    POLIS_TRY_VOID(
        node::write_key_file(keys / "consensus.key", seed_of(devnet, node, "consensus")));
    POLIS_TRY_VOID(node::write_key_file(keys / "vrf.key", seed_of(devnet, node, "vrf")));
    POLIS_TRY_VOID(node::write_key_file(keys / "account.key", seed_of(devnet, node, "operator")));
    return {};
}

Fallible<void> begin_chain(const Devnet& devnet, const fs::path& home, Beginning beginning) {
    const std::string genesis = genesis_text(devnet.manifest);
    if (beginning == Beginning::kSnapshot) {
        return write_file(node::genesis_file(home), genesis);
    }
    const auto chain = node::create_home(home, genesis, "the devnet's genesis");
    return chain ? Fallible<void>{} : std::unexpected(chain.error());
}

}  // namespace

crypto::SigningKey identity_key(std::string_view seed, std::size_t index) {
    return crypto::SigningKey(genesis::dev_seed(seed, fmt::format("node {} identity", index)));
}

std::string genesis_text(const Manifest& manifest) {
    return genesis::devnet_toml(
        {.validators = manifest.nodes,
         .accounts = manifest.accounts,
         .seed = manifest.seed,
         .election = *genesis::parse_election(manifest.election)});
}

Fallible<void> make_home(const Devnet& devnet, const Node& node, Beginning beginning) {
    const fs::path home = node_home(devnet, node);
    std::error_code failed;
    fs::create_directories(home, failed);
    if (!fs::exists(node::chain_dir(home), failed)) {
        POLIS_TRY_VOID(begin_chain(devnet, home, beginning));
    }
    if (!fs::exists(home / "node.key", failed)) {
        POLIS_TRY_VOID(write_keys(devnet, node));
    }
    if (!fs::exists(home / "api.token", failed)) {
        const std::string token = to_hex(crypto::Seed::generate().view()) + '\n';
        POLIS_TRY_VOID(write_file(home / "api.token", token));
        fs::permissions(home / "api.token", fs::perms::owner_read | fs::perms::owner_write, failed);
    }
    return write_config(devnet, node);
}

Fallible<void> write_config(const Devnet& devnet, const Node& node) {
    std::vector<std::string> boot;
    for (const Node& other : devnet.nodes) {
        if (other.index != node.index) {
            boot.push_back(fmt::format("\"{}@127.0.0.1:{}\"", other.id, other.p2p_port));
        }
    }
    std::error_code failed;
    const bool has_chain = fs::exists(node::chain_dir(node_home(devnet, node)), failed);
    const Manifest& manifest = devnet.manifest;
    const std::string text = fmt::format(
        "# Written by `polis devnet`, again whenever this node is started.\n"
        "[node]\n"
        "moniker = \"node-{}\"\n\n"
        "[p2p]\n"
        "listen = \"127.0.0.1:{}\"\n"
        "boot = [{}]\n"
        "outbound_max = {}\n"
        "inbound_max = {}\n"
        "local_network = true\n\n"
        "[rpc]\n"
        "listen = \"127.0.0.1:{}\"\n\n"
        "[admin]\n"
        "listen = \"127.0.0.1:{}\"\n"
        "dev = true\n"
        "dev_seed = {}\n\n"
        "[consensus]\n"
        "block_interval_ms = {}\n"
        "empty_block_interval_ms = {}\n"
        "view_timeout_ms = {}\n"
        "view_timeout_ms_max = {}\n\n"
        "[sync]\n"
        "start = \"{}\"\n",
        node.index,
        node.p2p_port,
        fmt::join(boot, ", "),
        kNodesMax,
        2 * kNodesMax,
        node.rpc_port,
        node.admin_port,
        toml_text(manifest.seed),
        std::min(kBusyBlockIntervalMs, manifest.block_interval_ms),
        manifest.block_interval_ms,
        view_timeout_ms(manifest.block_interval_ms),
        std::max(kViewTimeoutMsMax, view_timeout_ms(manifest.block_interval_ms)),
        has_chain ? "blocks" : "snapshot");
    return write_file(node_home(devnet, node) / "config.toml", text);
}

}  // namespace polis::tools::devnet
