#include <ledger/account.hpp>

#include <ledger/state/record.hpp>

namespace polis::ledger {

StateKey account_key(const Address& address) {
    return StateKey(RecordKind::kAccount, {address.view()});
}

StoreResult<Account> load_account(StateView& state, const Address& address) {
    POLIS_TRY(const auto account, load_record<Account>(state, account_key(address)));
    return account.value_or(Account{});
}

StoreResult<void> save_account(Journal& state, const Address& address, const Account& account) {
    const StateKey key = account_key(address);
    return account == Account{} ? state.remove(key) : save_record(state, key, account);
}

}  // namespace polis::ledger
