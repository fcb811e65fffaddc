#include <node/app/open_chain.hpp>

#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <core/hex.hpp>

namespace polis::node {

namespace {

namespace fs = std::filesystem;
using ChainResult = Result<std::unique_ptr<ledger::Chain>, std::string>;

Result<std::string, std::string> genesis_text(const HomeLayout& home) {
    const fs::path file = genesis_file(home.home);
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
        return std::unexpected(fmt::format(
            "there is no {}; run: polisd init --home {} --genesis FILE",
            file.string(),
            home.home.string()));
    }
    auto text = genesis::read_preset(file);
    if (!text) {
        return std::unexpected(genesis::describe(text.error()));
    }
    return *std::move(text);
}

}  // namespace

Result<genesis::Genesis, std::string> read_genesis(const HomeLayout& home) {
    POLIS_TRY(const std::string text, genesis_text(home));
    auto genesis = genesis::build_from_text(text, genesis_file(home.home).string());
    if (!genesis) {
        return std::unexpected(genesis::describe(genesis.error()));
    }
    return *std::move(genesis);
}

OpenOptions open_options(const NodeConfig::Store& config) {
    OpenOptions out;
    out.store.cache_bytes = config.cache_bytes;
    out.store.write_buffer_bytes = config.write_buffer_bytes;
    out.store.compression = config.compression;
    out.chain.tree.cache_bytes_max = config.state_cache_bytes;
    return out;
}

ChainResult open_chain(const HomeLayout& home, const OpenOptions& options) {
    std::error_code ignored;
    if (!fs::exists(chain_dir(home.home), ignored)) {
        POLIS_TRY(const std::string text, genesis_text(home));
        POLIS_TRY(auto created, create_home(home.home, text, genesis_file(home.home).string()));
        created.reset();  // opened again below, with the memory of the configuration
    }
    POLIS_TRY(auto chain, open_home(home.home, options));
    POLIS_TRY(const genesis::Genesis genesis, read_genesis(home));
    if (chain->genesis() != genesis.hash) {
        return std::unexpected(fmt::format(
            "{} is not the genesis of the chain in {} (hash {}, not {}); put the right file back "
            "or choose another --home",
            genesis_file(home.home).string(),
            chain_dir(home.home).string(),
            to_hex(genesis.hash.view().first(4)),
            to_hex(chain->genesis().view().first(4))));
    }
    return chain;
}

}  // namespace polis::node
