#pragma once

#include <vector>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <ledger/execution.hpp>
#include <ledger/params.hpp>
#include <ledger/state/view.hpp>
#include <ledger/validation.hpp>

/// The worked example of docs/formats: two keys from fixed seeds, a state of two records, and a
/// block of two transactions on it. Fuzz corpora start from the same values.
namespace polis::formats {

struct Example {
    ledger::Params params;
    Address alice;               ///< has 50 POLIS; sends both transactions
    Address bob;                 ///< a validator; proposes the block
    Address carol;               ///< receives the transfer
    ledger::StateChanges state;  ///< before the block: alice's account, bob as a validator
    ledger::Head parent;
    ledger::CheckedBlock block;
    Bytes encoded;  ///< the block
    ledger::BlockOutcome outcome;
};

/// A key whose seed is 32 times the same byte.
[[nodiscard]] crypto::SigningKey key_of(std::uint8_t seed_byte);
[[nodiscard]] VrfPublicKey vrf_key_of(std::uint8_t seed_byte);

[[nodiscard]] ledger::TxnRules rules_of(const ledger::Params& params);

/// The same bytes on every machine.
[[nodiscard]] Example make_example();

}  // namespace polis::formats
