#include <node/rpc/faucet.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/integer.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <ledger/payload.hpp>
#include <ledger/transaction.hpp>
#include <node/rpc/describe.hpp>

namespace polis::node::rpc {

namespace {

/// Another transaction of the account came first: the same account again.
bool nonce_taken(ledger::MempoolError error) {
    using enum ledger::MempoolError;
    return error == kStaleNonce || error == kNonceTooFar || error == kReplacementTooCheap ||
           error == kAlreadyKnown;
}

/// This account cannot, another may.
bool account_used_up(ledger::MempoolError error) {
    using enum ledger::MempoolError;
    return error == kSenderFull || error == kInsufficientBalance || error == kUnknownAccount;
}

}  // namespace

Faucet::Faucet(Backend& backend, Loop& loop, std::string dev_seed)
    : backend_(backend),
      loop_(loop),
      dev_seed_(std::move(dev_seed)),
      account_(backend.info().id.data[0] % kAccounts) {}

void Faucet::give(const Address& to, Amount amount, Respond respond) {
    if (dev_seed_.empty()) {
        respond(std::unexpected(rpc_error(
            ErrorName::kNotFound, "this node does not know the seed of the devnet's accounts")));
        return;
    }
    if (wishes_.size() >= kWaitingMax) {
        respond(std::unexpected(rpc_error(ErrorName::kBusy)));
        return;
    }
    wishes_.push_back({to, amount, std::move(respond)});
    if (wishes_.size() == 1) {
        start();
    }
}

void Faucet::start() {
    const auto key = genesis::dev_account_key(dev_seed_, account_);
    const Address sender = crypto::address_of(key.public_key());
    Loop& loop = loop_;
    backend_.next_nonce(sender, [this, &loop, sender](Answer<std::optional<Nonce>> answer) {
        loop.post([this, sender, answer = std::move(answer)] {
            if (!answer) {
                finish(std::unexpected(rpc_error(answer.error())));
            } else if (*answer) {
                send(**answer);
            } else {
                ledger::LatestState state(backend_.chain());
                const auto account = ledger::load_account(state, sender);
                account ? send(account->nonce)
                        : finish(std::unexpected(rpc_error(account.error())));
            }
        });
    });
}

void Faucet::send(Nonce nonce) {
    const Wish& wish = wishes_.front();
    const NodeInfo& info = backend_.info();
    const auto key = genesis::dev_account_key(dev_seed_, account_);
    ledger::TxnBody body;
    body.chain_id = info.chain_id;
    body.sender = key.public_key();
    body.nonce = nonce;
    body.gas_price = GasPrice{std::max<std::uint64_t>(info.params.gas_price_min.value, 1)};
    body.valid_until =
        Height{saturating_add(backend_.snapshot()->machine.head.height.value, kValidBlocks)};
    body.payload = ledger::Transfer{wish.to, wish.amount};
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    Loop& loop = loop_;
    backend_.submit(
        codec::encode(ledger::sign(key, std::move(body))), [this, &loop](Answer<TxnAnswer> answer) {
            loop.post([this, answer = std::move(answer)] { on_answer(answer); });
        });
}

void Faucet::on_answer(const Answer<TxnAnswer>& answer) {
    if (!answer) {
        finish(std::unexpected(rpc_error(answer.error())));
        return;
    }
    const auto* const refused = std::get_if<TxnAnswer::Refused>(&answer->outcome);
    if (refused == nullptr) {
        JsonWriter out;
        out.begin_object().bytes("id", answer->id.view()).end_object();
        finish(out.take());
        return;
    }
    const auto* const pool = std::get_if<ledger::MempoolError>(&refused->why);
    const bool again = pool != nullptr && (nonce_taken(*pool) || account_used_up(*pool));
    if (again && ++wishes_.front().tries < kTries) {
        account_ = account_used_up(*pool) ? (account_ + 1) % kAccounts : account_;
        start();
        return;
    }
    finish(
        std::unexpected(std::visit([](const auto& why) { return rpc_error(why); }, refused->why)));
}

void Faucet::finish(const Outcome& outcome) {
    const Respond respond = std::move(wishes_.front().respond);
    wishes_.pop_front();
    respond(outcome);
    if (!wishes_.empty()) {
        start();
    }
}

}  // namespace polis::node::rpc
