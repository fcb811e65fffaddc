#include <ledger/receipt.hpp>

#include <array>
#include <cstddef>

#include <core/merkle.hpp>

namespace polis::ledger {

namespace {

struct StatusText {
    TxnStatus status;
    std::string_view text;
};

/// In the order of the values.
constexpr std::array kStatusTexts{
    StatusText{TxnStatus::kSuccess, "success"},
    StatusText{TxnStatus::kBadNonce, "skipped: nonce is not the account's next"},
    StatusText{TxnStatus::kCannotPayFee, "skipped: balance below gas limit times gas price"},
    StatusText{TxnStatus::kInsufficientBalance, "insufficient balance"},
    StatusText{TxnStatus::kOverflow, "amount overflow"},
    StatusText{TxnStatus::kAlreadyValidator, "sender is already a validator"},
    StatusText{TxnStatus::kKeyInUse, "consensus key belongs to another validator"},
    StatusText{
        TxnStatus::kBadPossession, "proof of possession of the consensus key does not verify"},
    StatusText{TxnStatus::kBadVrfKey, "VRF key is not valid"},
    StatusText{TxnStatus::kUnknownValidator, "no such validator"},
    StatusText{TxnStatus::kPoolEmpty, "validator was slashed to nothing"},
    StatusText{TxnStatus::kBelowMinimum, "amount below the minimum"},
    StatusText{TxnStatus::kNotDelegated, "more than the sender has delegated"},
    StatusText{TxnStatus::kNothingToWithdraw, "nothing unbonded in this era"},
    StatusText{TxnStatus::kNotMatured, "unbonding time is not over"},
    StatusText{TxnStatus::kNotJailed, "validator is not jailed"},
    StatusText{TxnStatus::kStillJailed, "jail time is not over"},
    StatusText{TxnStatus::kBadEvidence, "evidence proves nothing"},
    StatusText{TxnStatus::kOffenceInFuture, "offence at a height to come"},
    StatusText{TxnStatus::kOffenceExpired, "offence too long ago"},
    StatusText{TxnStatus::kAlreadyPunished, "already punished for this height"},
    StatusText{TxnStatus::kNoTasks, "this chain has no learning tasks"},
    StatusText{TxnStatus::kTaskExists, "the sender has a task with this tag"},
    StatusText{TxnStatus::kTasksFull, "the list of tasks is full of better paid ones"},
    StatusText{TxnStatus::kUnknownTask, "no such task"},
    StatusText{TxnStatus::kNotTaskOwner, "sender does not own the task"},
    StatusText{TxnStatus::kTaskNotWaiting, "the task is no longer waiting"},
    StatusText{TxnStatus::kRoundNotOpen, "no round is open for this task"},
    StatusText{TxnStatus::kRoundTooEarly, "training is not over"},
    StatusText{TxnStatus::kRoundTooLate, "the window is over"},
    StatusText{TxnStatus::kNotContender, "sender is no validator that may train"},
    StatusText{TxnStatus::kAlreadyCommitted, "sender has committed to a model"},
    StatusText{TxnStatus::kRoundFull, "the round has no room for another trainer"},
    StatusText{TxnStatus::kNotCommitted, "sender has not committed to a model"},
    StatusText{TxnStatus::kAlreadyRevealed, "already revealed"},
    StatusText{TxnStatus::kRevealMismatch, "model and salt are not those of the commitment"},
    StatusText{TxnStatus::kWrongTestKey, "not the key whose hash the task names"},
    StatusText{TxnStatus::kNoContract, "no contract at this address"},
    StatusText{TxnStatus::kNoMethod, "the contract has no such method"},
    StatusText{TxnStatus::kCodeRejected, "the code is no valid contract"},
    StatusText{TxnStatus::kReverted, "the contract reverted"},
    StatusText{TxnStatus::kTrapped, "the contract trapped"},
    StatusText{TxnStatus::kOutOfGas, "out of gas"},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i < kStatusTexts.size(); ++i) {
        if (static_cast<std::size_t>(kStatusTexts[i].status) != i) {
            return false;
        }
    }
    return kStatusTexts.size() == static_cast<std::size_t>(codec::kEnumLast<TxnStatus>) + 1;
}

static_assert(is_in_order(), "a status without its text");

}  // namespace

std::string_view to_string(TxnStatus status) {
    const auto place = static_cast<std::size_t>(status);
    return place < kStatusTexts.size() ? kStatusTexts[place].text : "unknown status";
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
