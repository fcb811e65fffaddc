#include <ledger/trial.hpp>

#include <utility>
#include <variant>
#include <vector>

#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/gas.hpp>

namespace polis::ledger::trial {

namespace {

/// The same transaction with another limit for its execution.
CheckedTxn with_gas(CheckedTxn txn, Gas gas) {
    if (auto* deploy = std::get_if<Deploy>(&txn.txn.body.payload)) {
        deploy->gas = gas;
    } else if (auto* call = std::get_if<Call>(&txn.txn.body.payload)) {
        call->gas = gas;
    }
    return txn;
}

}  // namespace

CheckedTxn unsigned_txn(const Params& params, const Address& sender, Nonce nonce, Payload payload) {
    CheckedTxn out;
    out.sender = sender;
    out.txn.body = {
        .version = kTxnVersion,
        .chain_id = params.chain_id,
        .sender = {},
        .nonce = nonce,
        .gas_limit = {},
        .gas_price = {},
        .valid_until = {},
        .payload = std::move(payload)};
    const Bytes encoded = codec::encode(out.txn);
    out.id = txn_id(encoded);
    out.encoded_bytes = encoded.size();
    out.intrinsic_gas = intrinsic_gas(out.txn.body.payload, encoded.size());
    out.txn.body.gas_limit =
        Gas{saturating_add(out.intrinsic_gas.value, execution_gas_max(out.txn.body.payload).value)};
    return out;
}

StoreResult<Receipt> run(
    StateView& state,
    const Params& params,
    const Head& head,
    const CheckedTxn& txn,
    const ExecutionTools& tools) {
    BlockPlan plan{
        .chain_id = params.chain_id,
        .time = TimeMs{saturating_add(head.time.value, std::uint64_t{1})},
        .proposer = txn.sender};
    plan.seat.beacon = head.beacon;
    const CheckedBlock block = make_block(head, std::move(plan), {txn});
    POLIS_TRY(BlockOutcome outcome, execute_block(state, params, block, tools));
    return std::move(outcome.receipts.front());
}

StoreResult<Sought> seek_gas(
    StateView& state,
    const Params& params,
    const Head& head,
    const CheckedTxn& txn,
    const ExecutionTools& tools) {
    Sought out;
    POLIS_TRY(out.receipt, run(state, params, head, txn, tools));
    if (out.receipt.status != TxnStatus::kSuccess) {
        return out;
    }
    const auto suffices = [&](std::uint64_t gas) -> StoreResult<bool> {
        POLIS_TRY(const Receipt receipt, run(state, params, head, with_gas(txn, Gas{gas}), tools));
        return receipt.status == TxnStatus::kSuccess;
    };
    std::uint64_t low = out.receipt.gas_used.value - txn.intrinsic_gas.value;
    std::uint64_t high = execution_gas_max(txn.txn.body.payload).value;
    if (low < high) {
        POLIS_TRY(const bool exact, suffices(low));
        high = exact ? low : high;
    }
    for (int runs = 0; runs < kSeekRuns && high - low > high / 64; ++runs) {
        const std::uint64_t middle = low + (high - low) / 2;
        POLIS_TRY(const bool enough, suffices(middle));
        (enough ? high : low) = middle;
    }
    out.execution = Gas{high};
    return out;
}

}  // namespace polis::ledger::trial
