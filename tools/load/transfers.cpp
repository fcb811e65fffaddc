#include <tools/load/transfers.hpp>

#include <string>
#include <thread>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/worker_pool.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/gas.hpp>
#include <ledger/transaction.hpp>

namespace polis::tools {

namespace {

constexpr std::size_t kGrain = 64;  ///< transfers that a thread signs at a time

struct Order {
    std::size_t from;
    Nonce nonce;
    Address to;
};

}  // namespace

SignedTransfer signed_transfer(
    const crypto::SigningKey& key,
    Nonce nonce,
    const TxnTerms& terms,
    const Address& to,
    Amount amount) {
    ledger::TxnBody body{
        .chain_id = terms.chain_id,
        .sender = key.public_key(),
        .nonce = nonce,
        .gas_limit = Gas{0},
        .gas_price = terms.gas_price,
        .valid_until = terms.valid_until,
        .payload = ledger::Transfer{.to = to, .amount = amount}};
    // The gas limit has a fixed width, so it does not change the size that it depends on.
    const std::size_t bytes =
        codec::encode(ledger::Transaction{.body = body, .signature = {}}).size();
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    Bytes encoded = codec::encode(ledger::sign(key, body));
    const Hash id = ledger::txn_id(encoded);
    return {.id = id, .encoded = std::move(encoded)};
}

LoadAccounts::LoadAccounts(std::string_view seed, std::size_t count)
    : addresses_(count), nonces_(count) {
    for (std::size_t i = 0; i < count; ++i) {
        keys_.emplace_back(genesis::dev_seed(seed, "load account " + std::to_string(i)));
        addresses_[i] = crypto::address_of(keys_[i].public_key());
    }
}

std::vector<SignedTransfer> LoadAccounts::next(
    const TxnTerms& terms, std::size_t count, Random& random) {
    std::vector<Order> orders;
    orders.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t from = turn_++ % keys_.size();
        const std::size_t to = static_cast<std::size_t>(random.below(keys_.size()));
        orders.push_back({.from = from, .nonce = nonces_[from], .to = addresses_[to]});
        ++nonces_[from].value;
    }
    std::vector<SignedTransfer> out(count);
    const auto sign = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const Order& order = orders[i];
            out[i] = signed_transfer(keys_[order.from], order.nonce, terms, order.to, Amount{1});
        }
    };
    WorkerPool workers(std::thread::hardware_concurrency());
    workers.run(count, sign, kGrain);
    return out;
}

}  // namespace polis::tools
