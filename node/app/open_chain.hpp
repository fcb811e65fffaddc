#pragma once

#include <memory>
#include <string>

#include <core/result.hpp>
#include <genesis/builder.hpp>
#include <ledger/chain.hpp>
#include <node/config/config.hpp>
#include <node/home/home.hpp>
#include <node/home/identity.hpp>

namespace polis::node {

/// Opens the chain of a home, or creates it from genesis.toml at the first start. @error no
/// genesis, another chain's genesis, a locked or damaged store: one line with cause and cure
[[nodiscard]] Result<std::unique_ptr<ledger::Chain>, std::string> open_chain(
    const HomeLayout& home, const OpenOptions& options);

/// What genesis.toml describes. @error one line with cause and cure
[[nodiscard]] Result<genesis::Genesis, std::string> read_genesis(const HomeLayout& home);

/// The memory that the configuration gives a chain.
[[nodiscard]] OpenOptions open_options(const NodeConfig::Store& config);

}  // namespace polis::node
