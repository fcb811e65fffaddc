#pragma once

#include <cstddef>
#include <string_view>

#include <core/crypto/ed25519.hpp>
#include <tools/devnet/devnet.hpp>

/// Homes of the nodes of a devnet: docs/guides/devnet.md.
namespace polis::tools::devnet {

/// The public identity of a node: anybody can compute it, like every key of a devnet.
[[nodiscard]] crypto::SigningKey identity_key(std::string_view seed, std::size_t index);

/// Makes the home of a node if it has none: block 0, keys, token. @error for a person
[[nodiscard]] Fallible<void> make_home(const Devnet& devnet, const Node& node);

/// Writes the node's config.toml, as it follows from who is in the devnet now.
[[nodiscard]] Fallible<void> write_config(const Devnet& devnet, const Node& node);

/// The genesis preset of the manifest.
[[nodiscard]] std::string genesis_text(const Manifest& manifest);

}  // namespace polis::tools::devnet
