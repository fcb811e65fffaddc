#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>

namespace polis::ledger {

/// How a transaction of a finalized block ended. The values are part of receipts: append only.
enum class TxnStatus : std::uint8_t {
    kSuccess = 0,
    // Skipped: without effect, fee or nonce; the proposer should not have included it.
    kBadNonce,
    kCannotPayFee,
    // Failed: fee paid and nonce used, everything else undone.
    kInsufficientBalance,
    kOverflow,
    kAlreadyValidator,
    kKeyInUse,
    kBadPossession,
    kBadVrfKey,  ///< no point of the curve, or one of small order
    kUnknownValidator,
    kPoolEmpty,  ///< the validator was slashed to nothing
    kBelowMinimum,
    kNotDelegated,  ///< more than the sender has with this validator
    kNothingToWithdraw,
    kNotMatured,  ///< the unbonding time is not over
    kNotJailed,
    kStillJailed,
    kBadEvidence,      ///< a signature does not verify, or the statements do not conflict
    kOffenceInFuture,  ///< above the height of the block
    kOffenceExpired,   ///< so long ago that nothing of the stake of then can be slashed
    kAlreadyPunished,  ///< for that height
    kNoTasks,          ///< the chain's election is not `pole`
    kTaskExists,       ///< the sender has submitted a task with this tag
    kTasksFull,        ///< kTasksWaitingMax tasks wait, none of them for a smaller reward
    kUnknownTask,
    kNotTaskOwner,
    kTaskNotWaiting,  ///< a round has opened for it, or it is closed
    kRoundNotOpen,    ///< no round is open for this task
    kRoundTooEarly,   ///< reveals begin when training is over
    kRoundTooLate,    ///< the window is over
    kNotContender,    ///< only validators with the minimum of stake and out of jail may train
    kAlreadyCommitted,
    kRoundFull,
    kNotCommitted,
    kAlreadyRevealed,
    kRevealMismatch,  ///< not the model and salt that the sender committed to
    kWrongTestKey,    ///< not the key whose hash the task names
    kNoContract,      ///< nothing was deployed at this address
    kNoMethod,        ///< the contract exports no such function without parameters and result
    kCodeRejected,    ///< `output` says why
    kReverted,        ///< the contract ended the run; `output` is what it said
    kTrapped,         ///< the contract broke off; `output` says how
    kOutOfGas,
};

std::string_view to_string(TxnStatus status);

/// True if the transaction had no effect at all, not even a fee.
[[nodiscard]] constexpr bool is_skipped(TxnStatus status) {
    return status == TxnStatus::kBadNonce || status == TxnStatus::kCannotPayFee;
}

/// Something that a module tells the outside world.
struct Event {
    std::string name;
    Bytes data;  ///< Borsh, its shape named by `name`: docs/formats/receipt.md

    bool operator==(const Event&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&Event::name, kEventNameBytesMax),
        codec::bounded(&Event::data, kEventDataBytesMax));
};

struct Receipt {
    TxnStatus status = TxnStatus::kSuccess;
    Gas gas_used;
    Amount fee;
    std::vector<Event> events;
    Bytes output;  ///< what a contract returned, or why it failed

    bool operator==(const Receipt&) const = default;
    static constexpr auto kFields = codec::fields(
        &Receipt::status,
        &Receipt::gas_used,
        &Receipt::fee,
        codec::bounded(&Receipt::events, kReceiptEventsMax),
        codec::bounded(&Receipt::output, kContractOutputBytesMax));
};

/// The canonical bytes of a list of receipts.
[[nodiscard]] Bytes encode_receipts(std::span<const Receipt> receipts);

/// Merkle root over the encoded receipts, in block order.
[[nodiscard]] Hash receipts_root(std::span<const Receipt> receipts);

}  // namespace polis::ledger

template <>
inline constexpr auto polis::codec::kEnumLast<polis::ledger::TxnStatus> =
    polis::ledger::TxnStatus::kOutOfGas;
