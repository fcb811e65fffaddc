#include <ledger/mempool/account_source.hpp>

namespace polis::ledger {

StoreResult<Account> StateAccounts::load(const Address& address) {
    return load_account(state_, address);
}

}  // namespace polis::ledger
