#pragma once

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>

namespace polis::ledger {

/// What every address has; an address that was never used has the default.
struct Account {
    Amount balance;
    Nonce nonce;

    bool operator==(const Account&) const = default;
    static constexpr auto kFields = codec::fields(&Account::balance, &Account::nonce);
};

/// Costs a hash: whoever needs an account more than once keeps the key.
[[nodiscard]] StateKey account_key(const Address& address);

/// @error kCorrupt if the record does not decode
[[nodiscard]] StoreResult<Account> load_account(StateView& state, const Address& address);
[[nodiscard]] StoreResult<Account> load_account(StateView& state, const StateKey& key);

/// Stores the account, or removes its record if it is the default.
[[nodiscard]] StoreResult<void> save_account(
    Journal& state, const Address& address, const Account& account);
[[nodiscard]] StoreResult<void> save_account(
    Journal& state, const StateKey& key, const Account& account);

}  // namespace polis::ledger
