#pragma once

#include <core/types.hpp>
#include <ledger/account.hpp>
#include <ledger/state/view.hpp>

namespace polis::ledger {

/// Where the mempool looks up senders: the latest executed state.
class AccountSource {
  public:
    virtual ~AccountSource() = default;

    /// @return the account, the default for an address that was never used.
    /// @error what the store beneath answers: our fault, never the sender's
    [[nodiscard]] virtual StoreResult<Account> load(const Address& address) = 0;
};

/// The accounts of a state.
class StateAccounts : public AccountSource {
  public:
    /// @pre `state` outlives this object
    explicit StateAccounts(StateView& state) : state_(state) {}

    [[nodiscard]] StoreResult<Account> load(const Address& address) override;

  private:
    StateView& state_;
};

}  // namespace polis::ledger
