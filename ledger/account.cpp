#include <ledger/account.hpp>

#include <ledger/state/record.hpp>

namespace polis::ledger {

StateKey account_key(const Address& address) {
    return StateKey(RecordKind::kAccount, {address.view()});
}

StoreResult<Account> load_account(StateView& state, const Address& address) {
    return load_account(state, account_key(address));
}

StoreResult<Account> load_account(StateView& state, const StateKey& key) {
    POLIS_TRY(const auto account, load_record<Account>(state, key));
    return account.value_or(Account{});
}

StoreResult<void> save_account(Journal& state, const Address& address, const Account& account) {
    return save_account(state, account_key(address), account);
}

StoreResult<void> save_account(Journal& state, const StateKey& key, const Account& account) {
    return account == Account{} ? state.remove(key) : save_record(state, key, account);
}

}  // namespace polis::ledger
