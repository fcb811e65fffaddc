#pragma once

#include <core/types.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/payload.hpp>
#include <ledger/state/journal.hpp>

/// Coins: who has how many, and how many there are. No sum here ever wraps.
namespace polis::ledger::bank {

/// Takes coins from an account. @return kInsufficientBalance or kSuccess
[[nodiscard]] ModuleResult debit(Journal& state, const Address& from, Amount amount);

/// Gives coins to an account. @return kOverflow or kSuccess
[[nodiscard]] ModuleResult credit(Journal& state, const Address& to, Amount amount);
[[nodiscard]] ModuleResult credit(Journal& state, const StateKey& account, Amount amount);

[[nodiscard]] ModuleResult apply(TxnContext& context, const Transfer& transfer);

/// All coins that exist: balances, stakes and what is being unbonded. Genesis sets it.
[[nodiscard]] StoreResult<Amount> supply(StateView& state);
[[nodiscard]] StoreResult<void> set_supply(Journal& state, Amount amount);

/// Takes coins that the caller has removed from a record out of the supply.
/// @pre amount <= supply
[[nodiscard]] StoreResult<void> burn(Journal& state, Amount amount);

}  // namespace polis::ledger::bank
