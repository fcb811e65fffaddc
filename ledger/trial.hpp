#pragma once

#include <cstdint>

#include <core/types.hpp>
#include <ledger/execution.hpp>
#include <ledger/params.hpp>
#include <ledger/payload.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/view.hpp>
#include <ledger/transaction.hpp>
#include <ledger/validation.hpp>

/// Transactions that are tried and never kept: what a client asks before it signs.
namespace polis::ledger::trial {

/// A transaction of `sender` that nobody signed, at price 0: it needs no coins for gas. Its
/// intrinsic gas is that of the same payload when it is signed.
[[nodiscard]] CheckedTxn unsigned_txn(
    const Params& params, const Address& sender, Nonce nonce, Payload payload);

/// Runs a transaction as if it stood alone in the next block. What only that block's proposer will
/// know is taken from the head: its beacon, and a time just after.
[[nodiscard]] StoreResult<Receipt> run(
    StateView& state,
    const Params& params,
    const Head& head,
    const CheckedTxn& txn,
    const ExecutionTools& tools);

/// The least gas for execution with which a transaction succeeds, as a trial found it.
struct Sought {
    Receipt receipt;  ///< of the run with the payload's own limit
    Gas execution;    ///< suffices; 0 if the receipt is not a success
};

/// Calls may depend on the gas that is left, so what a run used need not suffice: the limit is
/// sought by halving, at most kSeekRuns times, to within 1 part in 64.
[[nodiscard]] StoreResult<Sought> seek_gas(
    StateView& state,
    const Params& params,
    const Head& head,
    const CheckedTxn& txn,
    const ExecutionTools& tools);

inline constexpr int kSeekRuns = 24;

}  // namespace polis::ledger::trial
