#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/payload.hpp>

namespace polis::ledger {

inline constexpr std::uint8_t kTxnVersion = 1;

/// What the sender signs. Byte layout: docs/formats/transaction.md.
struct TxnBody {
    std::uint8_t version = kTxnVersion;
    ChainId chain_id;
    PublicKey sender;
    Nonce nonce;  ///< number of earlier transactions of the sender
    Gas gas_limit;
    GasPrice gas_price;
    Height valid_until;  ///< last height whose block may hold it
    Payload payload;

    bool operator==(const TxnBody&) const = default;
    static constexpr auto kFields = codec::fields(
        &TxnBody::version,
        &TxnBody::chain_id,
        &TxnBody::sender,
        &TxnBody::nonce,
        &TxnBody::gas_limit,
        &TxnBody::gas_price,
        &TxnBody::valid_until,
        &TxnBody::payload);
};

struct Transaction {
    TxnBody body;
    Signature signature;

    bool operator==(const Transaction&) const = default;
    static constexpr auto kFields = codec::fields(&Transaction::body, &Transaction::signature);
};

/// Why a transaction is refused before any state is looked at. Never a reason to stop the node.
enum class TxnError : std::uint8_t {
    kMalformed,  ///< not the canonical encoding of a transaction
    kTooLarge,   ///< over kTxnBytesMax
    kBadVersion,
    kWrongChain,     ///< signed for another chain id
    kZeroGas,        ///< gas limit 0
    kGasTooLow,      ///< gas limit below what the payload costs at least and asks for
    kGasTooHigh,     ///< gas limit above a block's
    kPriceTooLow,    ///< gas price below the chain's minimum
    kFeeOverflow,    ///< gas limit times price, or plus the amount, exceeds 64 bits
    kExpired,        ///< valid-until height is past
    kZeroAmount,     ///< moves nothing
    kBadCommission,  ///< more than 100 %
    kBadSignature,
    kBadEvidence,  ///< statements of another chain, or that do not conflict
    kBadTask,      ///< spec_error() says why
};

std::string_view to_string(TxnError error);

/// A transaction with what every later step needs, computed once.
struct CheckedTxn {
    Transaction txn;
    Hash id;
    Address sender;
    std::size_t encoded_bytes = 0;
    Gas intrinsic_gas;
    Amount fee_max;  ///< gas limit times gas price
};

/// What the checks below compare with.
struct TxnRules {
    ChainId chain_id;
    Gas block_gas_max;
    GasPrice gas_price_min;
};

/// Hash of the encoded transaction, signature included: its name everywhere.
[[nodiscard]] Hash txn_id(ByteView encoded);

/// The 32 bytes that the sender's key signs.
[[nodiscard]] Hash signing_hash(const TxnBody& body);

[[nodiscard]] Transaction sign(const crypto::SigningKey& key, TxnBody body);

/// Decodes `encoded` and applies every check that needs neither state, nor a height, nor the
/// signature. Source: spec [T1] to [T8].
[[nodiscard]] Result<CheckedTxn, TxnError> check(ByteView encoded, const TxnRules& rules);

/// The same for a decoded transaction, whose encoding is computed.
[[nodiscard]] Result<CheckedTxn, TxnError> check(const Transaction& txn, const TxnRules& rules);

/// One Ed25519 verification; the expensive half of admission, safe on any thread. Spec [T9].
[[nodiscard]] bool signature_valid(const Transaction& txn);

}  // namespace polis::ledger
