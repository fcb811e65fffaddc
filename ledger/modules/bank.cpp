#include <ledger/modules/bank.hpp>

#include <core/check.hpp>
#include <ledger/account.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::bank {

namespace {

StateKey supply_key() { return StateKey(RecordKind::kSupply, {}); }

}  // namespace

ModuleResult debit(Journal& state, const Address& from, Amount amount) {
    const StateKey key = account_key(from);
    POLIS_TRY(Account account, load_account(state, key));
    const auto rest = checked_sub(account.balance, amount);
    if (!rest) {
        return TxnStatus::kInsufficientBalance;
    }
    account.balance = *rest;
    POLIS_TRY_VOID(save_account(state, key, account));
    return TxnStatus::kSuccess;
}

ModuleResult credit(Journal& state, const Address& to, Amount amount) {
    return credit(state, account_key(to), amount);
}

ModuleResult credit(Journal& state, const StateKey& key, Amount amount) {
    POLIS_TRY(Account account, load_account(state, key));
    const auto sum = checked_add(account.balance, amount);
    if (!sum) {
        return TxnStatus::kOverflow;
    }
    account.balance = *sum;
    POLIS_TRY_VOID(save_account(state, key, account));
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const Transfer& transfer) {
    POLIS_TRY(const TxnStatus taken, debit(context.state, context.sender, transfer.amount));
    if (taken != TxnStatus::kSuccess) {
        return taken;
    }
    return credit(context.state, transfer.to, transfer.amount);
}

StoreResult<Amount> supply(StateView& state) {
    POLIS_TRY(const auto amount, load_record<Amount>(state, supply_key()));
    return amount.value_or(Amount{});
}

StoreResult<void> set_supply(Journal& state, Amount amount) {
    return save_record(state, supply_key(), amount);
}

StoreResult<void> burn(Journal& state, Amount amount) {
    POLIS_TRY(const Amount before, supply(state));
    const auto after = checked_sub(before, amount);
    POLIS_ASSERT(after.has_value());
    return set_supply(state, *after);
}

}  // namespace polis::ledger::bank
