#include <fstream>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <genesis/builder.hpp>
#include <genesis/devnet.hpp>
#include <node/cli/command.hpp>
#include <node/home/home.hpp>
#include <node/home/identity.hpp>
#include <node/home/key_file.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;
using Done = Result<void, std::string>;

/// Between the ports of two nodes of a devnet.
constexpr std::uint16_t kPortStep = 10;
constexpr std::uint16_t kPortBase = 26'600;

struct InitOptions : HomeOptions {
    std::string genesis;  ///< file; empty: a devnet's
    std::string devnet_seed{genesis::kDevSeed};
    std::size_t devnet_index = 0;
    std::size_t devnet_validators = 4;
    bool is_devnet = false;
    bool is_validator = false;
};

Done write_new(const fs::path& file, std::string_view text) {
    std::error_code ignored;
    if (fs::exists(file, ignored)) {
        return std::unexpected(
            file.string() + " exists and is not overwritten; remove it or choose another --home");
    }
    std::ofstream out(file, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!out.flush()) {
        return std::unexpected("cannot write " + file.string() + "; check space and permissions");
    }
    return {};
}

Result<std::string, std::string> genesis_of(const InitOptions& options) {
    if (options.is_devnet) {
        return genesis::devnet_toml(
            {.validators = options.devnet_validators, .seed = options.devnet_seed});
    }
    auto text = genesis::read_preset(options.genesis);
    if (!text) {
        return std::unexpected(genesis::describe(text.error()));
    }
    return *std::move(text);
}

std::string loopback(std::size_t node, std::uint16_t offset) {
    return fmt::format("127.0.0.1:{}", kPortBase + kPortStep * node + offset);
}

NodeConfig config_of(const InitOptions& options) {
    NodeConfig config;
    if (!options.is_devnet) {
        return config;
    }
    config.node.moniker = fmt::format("node-{}", options.devnet_index);
    config.p2p.listen = loopback(options.devnet_index, 0);
    config.p2p.local_network = true;
    config.rpc.listen = loopback(options.devnet_index, 1);
    config.admin.listen = loopback(options.devnet_index, 2);
    config.admin.dev = true;
    config.admin.dev_seed = options.devnet_seed;
    for (std::size_t i = 0; i < options.devnet_validators; ++i) {
        if (i != options.devnet_index) {
            const crypto::SigningKey key(dev_node_seed({options.devnet_seed, i}));
            config.p2p.boot.push_back(
                fmt::format("{}@{}", to_hex(key.public_key().view()), loopback(i, 0)));
        }
    }
    return config;
}

Done write_keys(const InitOptions& options, const HomeLayout& home) {
    std::optional<DevValidator> dev;
    if (options.is_devnet) {
        dev = {options.devnet_seed, options.devnet_index};
        std::error_code ignored;
        if (!fs::exists(home.node_key(), ignored)) {
            POLIS_TRY_VOID(write_key_file(home.node_key(), dev_node_seed(*dev)));
        }
    }
    if (options.is_validator || (dev && dev->index < options.devnet_validators)) {
        return write_validator_keys(home, dev);
    }
    return {};
}

Done print_summary(const HomeLayout& home, const Hash& genesis) {
    POLIS_TRY(const crypto::SigningKey key, load_node_key(home));
    POLIS_TRY(const std::optional<Identity> identity, load_identity(home));
    fmt::print("home       {}\n", home.home.string());
    fmt::print("genesis    {}\n", to_hex_prefixed(genesis.view()));
    fmt::print("node id    {}\n", to_hex(key.public_key().view()));
    if (identity) {
        fmt::print("operator   {}\n", crypto::to_text(identity->address));
        fmt::print("consensus  {}\n", to_hex_prefixed(identity->consensus_key.public_key().view()));
        fmt::print("vrf        {}\n", to_hex_prefixed(identity->vrf_key.public_key().view()));
    }
    fmt::print("next       polisd run --home {}\n", home.home.string());
    return {};
}

Outcome init(InitOptions& options) {
    const HomeLayout home{options.home};
    POLIS_TRY(const std::string preset, genesis_of(options));
    const std::string name = options.is_devnet ? "the devnet's genesis" : options.genesis;
    const auto genesis = genesis::build_from_text(preset, name);
    if (!genesis) {
        return std::unexpected(genesis::describe(genesis.error()));
    }
    std::error_code failed;
    fs::create_directories(home.home, failed);
    if (failed) {
        return std::unexpected(fmt::format(
            "cannot make {}: {}; choose another --home", home.home.string(), failed.message()));
    }
    NodeConfig config = config_of(options);
    for (const auto& [key, value] : options.values) {
        POLIS_TRY_VOID(apply_value(config, key, value));
    }
    POLIS_TRY_VOID(check_config(config));
    POLIS_TRY_VOID(write_new(home.config(), to_toml(config, /*comments=*/true)));
    POLIS_TRY_VOID(write_new(genesis_file(home.home), preset));
    POLIS_TRY_VOID(write_keys(options, home));
    POLIS_TRY_VOID(load_token(home.resolve(config.admin.token_file)));
    POLIS_TRY_VOID(print_summary(home, genesis->hash));
    return kExitOk;
}

}  // namespace

void add_init_command(Program& program) {
    const auto options = std::make_shared<InitOptions>();
    CLI::App& command =
        *program.app.add_subcommand("init", "Write configuration, keys and genesis of a new node");
    add_home(command, *options);
    CLI::Option* const file =
        command.add_option("--genesis", options->genesis, "Preset of the chain (TOML)");
    CLI::Option* const index = command.add_option(
        "--devnet-index",
        options->devnet_index,
        "Node of a development network: keys that anybody can compute");
    index->excludes(file);
    command.add_option("--devnet-seed", options->devnet_seed, "Public seed of its keys")
        ->needs(index)
        ->capture_default_str();
    command.add_option("--devnet-validators", options->devnet_validators, "How many validate")
        ->needs(index)
        ->check(CLI::Range(1, 1'024))
        ->capture_default_str();
    command.add_flag("--validator", options->is_validator, "Make validator keys, too");
    add_config_flags(command, *options);
    program.on(command, [options, file, index]() -> Outcome {
        options->is_devnet = index->count() > 0;
        if (!options->is_devnet && file->count() == 0) {
            return std::unexpected(
                std::string("no genesis; name one with --genesis FILE, or --devnet-index I for a "
                            "development network"));
        }
        return init(*options);
    });
}

}  // namespace polis::node
