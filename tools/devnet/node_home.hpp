#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <core/crypto/ed25519.hpp>
#include <tools/devnet/devnet.hpp>

/// Homes of the nodes of a devnet: docs/guides/devnet.md.
namespace polis::tools::devnet {

/// The public identity of a node: anybody can compute it, like every key of a devnet.
[[nodiscard]] crypto::SigningKey identity_key(std::string_view seed, std::size_t index);

/// What the chain of a new home begins with.
enum class Beginning : std::uint8_t {
    kGenesis,   ///< block 0
    kSnapshot,  ///< a copy of the state, which the node gets from the others
};

/// Makes the home of a node if it has none: genesis, keys, token. @error for a person
[[nodiscard]] Fallible<void> make_home(
    const Devnet& devnet, const Node& node, Beginning beginning = Beginning::kGenesis);

/// Writes the node's config.toml, as it follows from who is in the devnet now.
[[nodiscard]] Fallible<void> write_config(const Devnet& devnet, const Node& node);

/// The genesis preset of the manifest.
[[nodiscard]] std::string genesis_text(const Manifest& manifest);

}  // namespace polis::tools::devnet
