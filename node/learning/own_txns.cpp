#include <node/learning/own_txns.hpp>

#include <utility>

#include <core/codec/borsh.hpp>
#include <ledger/gas.hpp>
#include <ledger/transaction.hpp>

namespace polis::node {

OwnTxns::OwnTxns(crypto::SigningKey key, const ledger::Params& params)
    : key_(std::move(key)), chain_(params.chain_id), price_(params.gas_price_min) {}

std::optional<Bytes> OwnTxns::on_block(
    const std::optional<ledger::Payload>& wanted, Nonce nonce, Height height) {
    if (!wanted) {
        sent_.reset();
        return std::nullopt;
    }
    if (!sent_ || sent_->payload != *wanted) {
        sent_ = Sent{.payload = *wanted, .nonce = {}, .valid_until = {}, .attempts = 0};
    } else if (sent_->nonce >= nonce && height < sent_->valid_until) {
        return std::nullopt;  // it waits for a block
    }
    if (sent_->attempts == kAttemptsMax) {
        return std::nullopt;
    }
    ++sent_->attempts;
    sent_->nonce = nonce;
    sent_->valid_until = Height{height.value + kValidBlocks};
    return sign(*sent_);
}

Bytes OwnTxns::sign(const Sent& sent) const {
    ledger::TxnBody body{
        .version = ledger::kTxnVersion,
        .chain_id = chain_,
        .sender = key_.public_key(),
        .nonce = sent.nonce,
        .gas_limit = {},
        .gas_price = price_,
        .valid_until = sent.valid_until,
        .payload = sent.payload};
    // The limit stands in a field of fixed size, so that the size is right before it is known.
    const std::size_t bytes = codec::encode(ledger::sign(key_, body)).size();
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    return codec::encode(ledger::sign(key_, std::move(body)));
}

}  // namespace polis::node
