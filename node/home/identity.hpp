#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <node/validator/validator.hpp>

/// What makes a node itself: its name among nodes, its keys as a validator, its operator's token.
namespace polis::node {

/// Where things lie in a node's home.
struct HomeLayout {
    std::filesystem::path home;

    [[nodiscard]] std::filesystem::path config() const { return home / "config.toml"; }

    [[nodiscard]] std::filesystem::path node_key() const { return home / "node.key"; }

    [[nodiscard]] std::filesystem::path validator_dir() const { return home / "validator"; }

    [[nodiscard]] std::filesystem::path consensus_key() const {
        return validator_dir() / "consensus.key";
    }

    [[nodiscard]] std::filesystem::path vrf_key() const { return validator_dir() / "vrf.key"; }

    /// Of the operator's account: its address takes the fees, it pays for reports of evidence.
    [[nodiscard]] std::filesystem::path account_key() const {
        return validator_dir() / "account.key";
    }

    [[nodiscard]] std::filesystem::path blobs_dir() const { return home / "blobs"; }

    /// Keys of test sets, and what a trainer works on.
    [[nodiscard]] std::filesystem::path learning_dir() const { return home / "learning"; }

    [[nodiscard]] std::filesystem::path peers_book() const { return home / "peers.bin"; }

    /// A path of the configuration: relative ones are below the home.
    [[nodiscard]] std::filesystem::path resolve(std::string_view path) const { return home / path; }
};

/// The key that names the node; a fresh one is written if there is none.
/// @error one line with cause and cure
[[nodiscard]] Result<crypto::SigningKey, std::string> load_node_key(const HomeLayout& home);

/// The validator's keys; nothing if there is no consensus key: the node only follows.
/// @error a key is missing, damaged or readable by others: one line with cause and cure
[[nodiscard]] Result<std::optional<Identity>, std::string> load_identity(const HomeLayout& home);

/// Fresh keys of a validator, or those that anybody can compute from a devnet's seed. Keys that are
/// there already stay. @error one line with cause and cure
struct DevValidator {
    std::string seed;
    std::size_t index = 0;
};

[[nodiscard]] Result<void, std::string> write_validator_keys(
    const HomeLayout& home, const std::optional<DevValidator>& dev);

/// The key of a devnet's node, as `polis devnet` makes it, too.
[[nodiscard]] crypto::Seed dev_node_seed(const DevValidator& dev);

/// The operator's token; a fresh one is written, mode 0600, if there is none.
/// @error it cannot be read or written, others may read it, or it is too short
[[nodiscard]] Result<std::string, std::string> load_token(const std::filesystem::path& file);

}  // namespace polis::node
