#include <ledger/receipt.hpp>

#include <core/merkle.hpp>

namespace polis::ledger {

std::string_view to_string(TxnStatus status) {
    switch (status) {
        case TxnStatus::kSuccess:
            return "success";
        case TxnStatus::kBadNonce:
            return "skipped: nonce is not the account's next";
        case TxnStatus::kCannotPayFee:
            return "skipped: balance below gas limit times gas price";
        case TxnStatus::kInsufficientBalance:
            return "insufficient balance";
        case TxnStatus::kOverflow:
            return "amount overflow";
        case TxnStatus::kAlreadyValidator:
            return "sender is already a validator";
        case TxnStatus::kKeyInUse:
            return "consensus key belongs to another validator";
        case TxnStatus::kBadPossession:
            return "proof of possession of the consensus key does not verify";
        case TxnStatus::kBadVrfKey:
            return "VRF key is not valid";
        case TxnStatus::kUnknownValidator:
            return "no such validator";
        case TxnStatus::kPoolEmpty:
            return "validator was slashed to nothing";
        case TxnStatus::kBelowMinimum:
            return "amount below the minimum";
        case TxnStatus::kNotDelegated:
            return "more than the sender has delegated";
        case TxnStatus::kNothingToWithdraw:
            return "nothing unbonded in this era";
        case TxnStatus::kNotMatured:
            return "unbonding time is not over";
        case TxnStatus::kNotJailed:
            return "validator is not jailed";
        case TxnStatus::kStillJailed:
            return "jail time is not over";
        case TxnStatus::kBadEvidence:
            return "evidence proves nothing";
        case TxnStatus::kOffenceInFuture:
            return "offence at a height to come";
        case TxnStatus::kOffenceExpired:
            return "offence too long ago";
        case TxnStatus::kAlreadyPunished:
            return "already punished for this height";
        case TxnStatus::kNoTasks:
            return "this chain has no learning tasks";
        case TxnStatus::kTaskExists:
            return "the sender has a task with this tag";
        case TxnStatus::kTasksFull:
            return "the list of tasks is full of better paid ones";
        case TxnStatus::kUnknownTask:
            return "no such task";
        case TxnStatus::kNotTaskOwner:
            return "sender does not own the task";
        case TxnStatus::kTaskNotWaiting:
            return "the task is no longer waiting";
        case TxnStatus::kRoundNotOpen:
            return "no round is open for this task";
        case TxnStatus::kRoundTooEarly:
            return "training is not over";
        case TxnStatus::kRoundTooLate:
            return "the window is over";
        case TxnStatus::kNotContender:
            return "sender is no validator that may train";
        case TxnStatus::kAlreadyCommitted:
            return "sender has committed to a model";
        case TxnStatus::kRoundFull:
            return "the round has no room for another trainer";
        case TxnStatus::kNotCommitted:
            return "sender has not committed to a model";
        case TxnStatus::kAlreadyRevealed:
            return "already revealed";
        case TxnStatus::kRevealMismatch:
            return "model and salt are not those of the commitment";
        case TxnStatus::kWrongTestKey:
            return "not the key whose hash the task names";
    }
    return "unknown status";
}

Bytes encode_receipts(std::span<const Receipt> receipts) {
    Bytes out;
    codec::encode_to(out, static_cast<std::uint32_t>(receipts.size()));
    for (const Receipt& receipt : receipts) {
        codec::encode_to(out, receipt);
    }
    return out;
}

Hash receipts_root(std::span<const Receipt> receipts) {
    std::vector<Hash> leaves;
    leaves.reserve(receipts.size());
    Bytes encoded;
    for (const Receipt& receipt : receipts) {
        encoded.clear();
        codec::encode_to(encoded, receipt);
        leaves.push_back(merkle::leaf_hash(encoded));
    }
    return merkle::root(leaves);
}

}  // namespace polis::ledger
