#include <node/rpc/trial.hpp>

#include <string>
#include <utility>

#include <ledger/account.hpp>
#include <ledger/transaction.hpp>
#include <ledger/trial.hpp>

namespace polis::node::rpc {

namespace {

using ledger::CheckedTxn;
using ledger::StoreResult;

StoreResult<CheckedTxn> checked_txn(
    ledger::StateView& state, const ledger::Params& params, const Trial& trial) {
    if (const auto* wish = std::get_if<UnsignedTxn>(&trial.txn)) {
        POLIS_TRY(const ledger::Account account, load_account(state, wish->sender));
        return ledger::trial::unsigned_txn(params, wish->sender, account.nonce, wish->payload);
    }
    auto checked = ledger::check(
        std::get<Bytes>(trial.txn),
        {.chain_id = params.chain_id,
         .block_gas_max = params.block_gas_max,
         .gas_price_min = params.gas_price_min});
    if (!checked) {
        return std::unexpected(ledger::StoreError{
            ledger::StoreErrc::kCorrupt,
            "not a transaction of this chain: " + std::string(to_string(checked.error()))});
    }
    return *std::move(checked);
}

}  // namespace

StoreResult<TrialResult> run_trial(
    const ledger::ChainReader& chain,
    const ledger::Params& params,
    const Trial& trial,
    vm::ProgramCache& programs) {
    ledger::LatestState state(chain);
    POLIS_TRY(const ledger::Head head, chain.head());
    POLIS_TRY(const CheckedTxn txn, checked_txn(state, params, trial));
    TrialResult out;
    out.height = Height{head.height.value + 1};
    out.intrinsic = txn.intrinsic_gas;
    ledger::ExecutionTools tools{.programs = programs, .tracer = nullptr};
    if (trial.seek_gas) {
        POLIS_TRY(auto sought, ledger::trial::seek_gas(state, params, head, txn, tools));
        out.receipt = std::move(sought.receipt);
        out.execution = sought.execution;
        return out;
    }
    if (trial.trace) {
        tools.tracer = &out.trace.emplace();
    }
    POLIS_TRY(out.receipt, ledger::trial::run(state, params, head, txn, tools));
    const auto used = checked_sub(out.receipt.gas_used, txn.intrinsic_gas);
    out.execution = used.value_or(Gas{});  // nothing if it was skipped
    return out;
}

}  // namespace polis::node::rpc
