#pragma once

#include <cstdint>

#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <p2p/session.hpp>

/// Nodes with numbers, the same in every run.
namespace polis::p2p::testing {

inline constexpr TimeMs kStart{1'000'000};

[[nodiscard]] crypto::Seed seed_of(std::uint8_t number);

/// The same identity for the same number in every run.
[[nodiscard]] const crypto::SigningKey& identity_of(std::uint8_t number);

/// What node `number` says of itself; all are on one chain.
[[nodiscard]] Hello hello_of(std::uint8_t number);

/// A session of node `number`.
[[nodiscard]] Session::Setup setup_of(Role role, std::uint8_t number);

}  // namespace polis::p2p::testing
