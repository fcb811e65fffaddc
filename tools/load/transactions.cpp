#include <tools/load/transactions.hpp>

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/worker_pool.hpp>
#include <genesis/dev_keys.hpp>
#include <ledger/transaction.hpp>

namespace polis::tools {

namespace {

constexpr std::size_t kGrain = 64;       ///< transactions that a thread signs at a time
constexpr std::size_t kNoncesMax = 100;  ///< asked for in one request, as nodes allow
constexpr std::uint64_t kValidBlocks = 1'000'000;

}  // namespace

SignedTxn signed_txn(
    const crypto::SigningKey& key,
    Nonce nonce,
    const SenderView& chain,
    const ledger::Payload& payload) {
    const SendOptions options{
        .gas_limit = {}, .gas_price = {}, .nonce = nonce, .valid_for = kValidBlocks};
    Bytes encoded = codec::encode(make_txn(chain, key, payload, options));
    const Hash id = ledger::txn_id(encoded);
    return {.id = id, .encoded = std::move(encoded)};
}

LoadAccounts::LoadAccounts(std::vector<crypto::SigningKey> keys)
    : keys_(std::move(keys)), nonces_(keys_.size()) {
    for (const crypto::SigningKey& key : keys_) {
        addresses_.push_back(crypto::address_of(key.public_key()));
    }
}

LoadAccounts LoadAccounts::of_load(std::string_view seed, std::size_t count) {
    std::vector<crypto::SigningKey> keys;
    for (std::size_t i = 0; i < count; ++i) {
        keys.emplace_back(genesis::dev_seed(seed, "load account " + std::to_string(i)));
    }
    return LoadAccounts(std::move(keys));
}

LoadAccounts LoadAccounts::of_devnet(std::string_view seed, std::size_t count) {
    std::vector<crypto::SigningKey> keys;
    for (std::size_t i = 0; i < count; ++i) {
        keys.push_back(genesis::dev_account_key(seed, i));
    }
    return LoadAccounts(std::move(keys));
}

Fallible<void> LoadAccounts::read_nonces(RpcClient& node) {
    for (std::size_t begin = 0; begin < size(); begin += kNoncesMax) {
        std::vector<RpcCall> calls;
        for (std::size_t i = begin; i < std::min(begin + kNoncesMax, size()); ++i) {
            calls.push_back({"account_nonce", Json{{"address", crypto::to_text(addresses_[i])}}});
        }
        const auto answers = node.batch(calls);
        if (!answers) {
            return std::unexpected(to_failure(answers.error()));
        }
        for (std::size_t i = 0; i < answers->size(); ++i) {
            const RpcClient::Answer& answer = (*answers)[i];
            if (!answer) {
                return std::unexpected(to_failure(answer.error()));
            }
            const auto nonce = find_number(*answer, "pendingNonce");
            if (!nonce) {
                return std::unexpected(odd_answer(node, "account_nonce"));
            }
            nonces_[begin + i] = Nonce{*nonce};
        }
    }
    return {};
}

std::vector<SignedTxn> LoadAccounts::sign(
    const SenderView& chain, std::span<const ledger::Payload> payloads) {
    std::vector<Nonce> nonces;
    nonces.reserve(payloads.size());
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        nonces.push_back(take_nonce(i % size()));
    }
    std::vector<SignedTxn> out(payloads.size());
    const auto sign = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            out[i] = signed_txn(keys_[i % size()], nonces[i], chain, payloads[i]);
        }
    };
    WorkerPool workers(std::thread::hardware_concurrency());
    workers.run(payloads.size(), sign, kGrain);
    return out;
}

}  // namespace polis::tools
