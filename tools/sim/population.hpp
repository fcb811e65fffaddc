#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <genesis/builder.hpp>
#include <ledger/chain.hpp>
#include <node/validator/validator.hpp>
#include <tools/sim/scenario.hpp>

/// Who lives on a simulated chain, and what they do.
namespace polis::sim {

/// The chain of a scenario: public keys, stakes that lie close together, small terms and eras.
[[nodiscard]] genesis::Genesis make_genesis(const Scenario& scenario);

/// Of the account that offers learning tasks.
[[nodiscard]] crypto::SigningKey school_owner_key();

/// The keys of a genesis validator.
[[nodiscard]] node::Identity identity_of(std::size_t member);

/// A signed transaction that is good on the chain's head: a transfer, or a change of somebody's
/// stake that is large enough to change who votes.
[[nodiscard]] Bytes make_txn(
    ledger::Chain& chain, const Scenario& scenario, Random& random, std::uint64_t nonces_ahead);

/// The `number`-th thing that all nodes find out.
[[nodiscard]] consensus::Fact make_fact(std::uint64_t seed, std::uint64_t number);

/// The same subject with another result.
[[nodiscard]] consensus::Fact false_fact(consensus::Fact fact);

}  // namespace polis::sim
