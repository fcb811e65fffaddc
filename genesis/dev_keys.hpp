#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <core/crypto/ecvrf.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>

/// Keys that anybody can compute: for development networks, demos and tests, never for value.
namespace polis::genesis {

/// The seed of the presets that come with Polis.
inline constexpr std::string_view kDevSeed = "polis-devnet";

/// The secret seed of a key: a tagged hash of the public seed and of what the key is for.
[[nodiscard]] crypto::Seed dev_seed(std::string_view seed, std::string_view name);

// Names of keys: "account 3", "validator 0 operator", "validator 0 consensus", "validator 0 vrf".
[[nodiscard]] crypto::SigningKey dev_account_key(std::string_view seed, std::size_t index);
[[nodiscard]] crypto::SigningKey dev_operator_key(std::string_view seed, std::size_t index);
[[nodiscard]] crypto::SigningKey dev_consensus_key(std::string_view seed, std::size_t index);
[[nodiscard]] crypto::VrfKey dev_vrf_key(std::string_view seed, std::size_t index);

}  // namespace polis::genesis
