#include <tests/node/txns.hpp>

#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {

using ledger::testing::must;

Address account(std::size_t index) {
    return crypto::address_of(genesis::dev_account_key(genesis::kDevSeed, index).public_key());
}

namespace {

ledger::Transaction signed_txn(
    const genesis::Genesis& genesis,
    std::size_t from,
    ledger::Payload payload,
    std::uint64_t nonce) {
    const crypto::SigningKey key = genesis::dev_account_key(genesis::kDevSeed, from);
    ledger::TxnBody body;
    body.chain_id = genesis.state.params.chain_id;
    body.sender = key.public_key();
    body.nonce = Nonce{nonce};
    body.gas_price = genesis.state.params.gas_price_min;
    body.valid_until = Height{UINT64_MAX};
    body.payload = std::move(payload);
    const std::size_t bytes = codec::encode(body).size() + Signature::kSize;
    body.gas_limit = ledger::intrinsic_gas(body.payload, bytes);
    return ledger::sign(key, body);
}

}  // namespace

ledger::Transaction transfer_txn(
    const genesis::Genesis& genesis,
    std::size_t from,
    std::size_t to,
    std::uint64_t amount,
    std::uint64_t nonce) {
    return signed_txn(genesis, from, ledger::Transfer{account(to), Amount{amount}}, nonce);
}

Bytes deployment(
    const genesis::Genesis& genesis, std::size_t from, Bytes code, std::uint64_t nonce) {
    const ledger::Deploy deploy{.code = std::move(code), .input = {}, .value = {}, .gas = {}};
    return codec::encode(signed_txn(genesis, from, deploy, nonce));
}

Bytes transfer(
    const genesis::Genesis& genesis,
    std::size_t from,
    std::size_t to,
    std::uint64_t amount,
    std::uint64_t nonce) {
    return codec::encode(transfer_txn(genesis, from, to, amount, nonce));
}

std::uint64_t balance_of(Validator& node, std::size_t account_index) {
    return must(ledger::load_account(node.chain().state(), account(account_index))).balance.value;
}

}  // namespace polis::node::testing
