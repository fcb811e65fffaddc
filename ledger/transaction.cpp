#include <ledger/transaction.hpp>

#include <utility>
#include <variant>

#include <consensus/checker.hpp>
#include <consensus/pbft/evidence.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/gas.hpp>
#include <ledger/limits.hpp>

namespace polis::ledger {

namespace {

/// Takes every signature for good: what is left of a verification is the shape.
class ShapeChecker final : public consensus::CryptoChecker {
  public:
    [[nodiscard]] bool signature_valid(
        const PublicKey& /*key*/, ByteView /*message*/, const Signature& /*signature*/) override {
        return true;
    }

    [[nodiscard]] std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& /*key*/, ByteView /*input*/, const VrfProof& /*proof*/) override {
        return std::nullopt;
    }
};

bool is_well_formed(const pbft::Evidence& evidence, ChainId chain) {
    ShapeChecker checker;
    return pbft::verify_evidence(evidence, chain, checker).has_value();
}

std::optional<TxnError> check_payload(const Payload& payload, ChainId chain) {
    if (const auto* transfer = std::get_if<Transfer>(&payload)) {
        return transfer->amount == Amount{} ? std::optional{TxnError::kZeroAmount} : std::nullopt;
    }
    if (const auto* delegate = std::get_if<Delegate>(&payload)) {
        return delegate->amount == Amount{} ? std::optional{TxnError::kZeroAmount} : std::nullopt;
    }
    if (const auto* unbond = std::get_if<Unbond>(&payload)) {
        return unbond->amount == Amount{} ? std::optional{TxnError::kZeroAmount} : std::nullopt;
    }
    if (const auto* validator = std::get_if<RegisterValidator>(&payload)) {
        return validator->commission_bps > kBasisPoints ? std::optional{TxnError::kBadCommission}
                                                        : std::nullopt;
    }
    if (const auto* report = std::get_if<ReportEvidence>(&payload)) {
        return is_well_formed(report->evidence, chain) ? std::nullopt
                                                       : std::optional{TxnError::kBadEvidence};
    }
    if (const auto* task = std::get_if<SubmitTask>(&payload)) {
        return spec_error(task->spec) ? std::optional{TxnError::kBadTask} : std::nullopt;
    }
    return std::nullopt;
}

std::optional<TxnError> check_gas(const CheckedTxn& checked, const TxnRules& rules) {
    const TxnBody& body = checked.txn.body;
    if (body.gas_limit == Gas{}) {
        return TxnError::kZeroGas;
    }
    const auto gas_needed = checked_add(checked.intrinsic_gas, execution_gas_max(body.payload));
    if (!gas_needed || body.gas_limit < *gas_needed) {
        return TxnError::kGasTooLow;
    }
    if (body.gas_limit > rules.block_gas_max) {
        return TxnError::kGasTooHigh;
    }
    if (body.gas_price < rules.gas_price_min) {
        return TxnError::kPriceTooLow;
    }
    return std::nullopt;
}

Result<CheckedTxn, TxnError> check_decoded(
    Transaction txn, ByteView encoded, const TxnRules& rules) {
    const TxnBody& body = txn.body;
    if (body.version != kTxnVersion) {
        return std::unexpected(TxnError::kBadVersion);
    }
    if (body.chain_id != rules.chain_id) {
        return std::unexpected(TxnError::kWrongChain);
    }
    const auto fee_max = fee_of(body.gas_limit, body.gas_price);
    if (!fee_max || !checked_add(*fee_max, amount_moved(body.payload))) {
        return std::unexpected(TxnError::kFeeOverflow);
    }
    if (const auto error = check_payload(body.payload, rules.chain_id)) {
        return std::unexpected(*error);
    }
    CheckedTxn out{
        .txn = std::move(txn),
        .id = txn_id(encoded),
        .sender = {},
        .encoded_bytes = encoded.size(),
        .intrinsic_gas = {},
        .fee_max = *fee_max};
    out.sender = crypto::address_of(out.txn.body.sender);
    out.intrinsic_gas = intrinsic_gas(out.txn.body.payload, encoded.size());
    if (const auto error = check_gas(out, rules)) {
        return std::unexpected(*error);
    }
    return out;
}

}  // namespace

std::string_view to_string(TxnError error) {
    switch (error) {
        case TxnError::kMalformed:
            return "not the canonical encoding of a transaction";
        case TxnError::kTooLarge:
            return "transaction over the size limit";
        case TxnError::kBadVersion:
            return "unknown transaction version";
        case TxnError::kWrongChain:
            return "signed for another chain id";
        case TxnError::kZeroGas:
            return "gas limit is zero";
        case TxnError::kGasTooLow:
            return "gas limit below the intrinsic cost of the payload and the gas that it asks for";
        case TxnError::kGasTooHigh:
            return "gas limit above the block gas limit";
        case TxnError::kPriceTooLow:
            return "gas price below the chain's minimum";
        case TxnError::kFeeOverflow:
            return "gas limit times gas price plus amount exceeds 64 bits";
        case TxnError::kExpired:
            return "valid-until height is past";
        case TxnError::kZeroAmount:
            return "amount is zero";
        case TxnError::kBadCommission:
            return "commission above 10000 basis points";
        case TxnError::kBadSignature:
            return "signature does not verify";
        case TxnError::kBadEvidence:
            return "statements of the evidence do not conflict";
        case TxnError::kBadTask:
            return "the task breaks a rule for tasks";
    }
    return "unknown transaction error";
}

Hash txn_id(ByteView encoded) { return crypto::blake2b_256(crypto::kDomainTxnId, encoded); }

Hash signing_hash(const TxnBody& body) {
    return crypto::blake2b_256(crypto::kDomainTxnSign, codec::encode(body));
}

Transaction sign(const crypto::SigningKey& key, TxnBody body) {
    body.sender = key.public_key();
    const Signature signature = key.sign(signing_hash(body).view());
    return Transaction{.body = std::move(body), .signature = signature};
}

Result<CheckedTxn, TxnError> check(ByteView encoded, const TxnRules& rules) {
    if (encoded.size() > kTxnBytesMax) {
        return std::unexpected(TxnError::kTooLarge);
    }
    auto txn = codec::decode<Transaction>(encoded);
    if (!txn) {
        return std::unexpected(TxnError::kMalformed);
    }
    return check_decoded(*std::move(txn), encoded, rules);
}

Result<CheckedTxn, TxnError> check(const Transaction& txn, const TxnRules& rules) {
    const Bytes encoded = codec::encode(txn);
    if (encoded.size() > kTxnBytesMax) {
        return std::unexpected(TxnError::kTooLarge);
    }
    return check_decoded(txn, encoded, rules);
}

bool signature_valid(const Transaction& txn) {
    return crypto::verify(txn.body.sender, signing_hash(txn.body).view(), txn.signature);
}

}  // namespace polis::ledger
