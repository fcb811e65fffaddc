#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <core/result.hpp>
#include <ledger/chain.hpp>
#include <ledger/store/leveldb_store.hpp>

/// The directory of a chain: genesis.toml, for people, and chain/, the store.
namespace polis::node {

[[nodiscard]] std::filesystem::path genesis_file(const std::filesystem::path& home);
[[nodiscard]] std::filesystem::path chain_dir(const std::filesystem::path& home);

/// Makes the directory and writes block 0 and a copy of the preset.
/// @param file names the preset in errors. @error one line with cause and cure
[[nodiscard]] Result<std::unique_ptr<ledger::Chain>, std::string> create_home(
    const std::filesystem::path& home, std::string_view preset, std::string_view file);

/// Memory and space that an open chain takes.
struct OpenOptions {
    ledger::LevelDbOptions store = {};
    ledger::Chain::Options chain = {};
};

/// Opens the chain that create_home() made. @error one line with cause and cure
[[nodiscard]] Result<std::unique_ptr<ledger::Chain>, std::string> open_home(
    const std::filesystem::path& home, const OpenOptions& options = {});

/// A new directory of our own where temporary files go. @param purpose a word for its name
/// @error one line with cause and cure
[[nodiscard]] Result<std::filesystem::path, std::string> fresh_directory(std::string_view purpose);

}  // namespace polis::node
