#include <tools/bench/token.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ledger/modules/contract_records.hpp>
#include <tools/load/drive.hpp>

#ifdef POLIS_BENCH_TOKEN
extern const unsigned char polis_bench_token[];
extern const unsigned long polis_bench_token_size;
#endif

namespace polis::tools::bench {

namespace {

constexpr std::uint64_t kUnitsEach = 1'000'000'000;
constexpr std::uint64_t kGasMarginDivisor = 4;  ///< a first balance writes a record more

Fallible<Bytes> token_code() {
#ifdef POLIS_BENCH_TOKEN
    return to_bytes(ByteView(polis_bench_token, polis_bench_token_size));
#else
    return std::unexpected(Failure(
        "this polis has no contract to call: it was built without clang 19 and lld 19; install "
        "them and configure again, or choose another --workload"));
#endif
}

/// 128-bit numbers of contracts: 16 bytes, the lowest first.
Bytes u128(std::uint64_t value) {
    Bytes out = codec::encode(value);
    out.resize(16);
    return out;
}

void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }

Fallible<Gas> estimated(RpcClient& node, Json params) {
    const auto answer = node.call("contract_estimateGas", std::move(params));
    if (!answer) {
        return std::unexpected(to_failure(answer.error()));
    }
    const auto gas = parse_u64(text_in(*answer, "executionGas"));
    if (!gas) {
        return std::unexpected(Failure("the node's estimate of gas cannot be read"));
    }
    return Gas{saturating_add(*gas, *gas / kGasMarginDivisor)};
}

/// Sends and waits until all are final.
Fallible<void> finish(RpcClient& node, std::vector<SignedTxn> txns, std::string_view what) {
    std::vector<DueTxn> due;
    for (SignedTxn& txn : txns) {
        due.push_back({.txn = std::move(txn), .at_us = 0, .node = 0});
    }
    const std::size_t count = due.size();
    POLIS_TRY(const Driven driven, drive({.nodes = {node.address()}}, std::move(due)));
    const auto done = static_cast<std::size_t>(std::ranges::count(driven.succeeded, true));
    if (done < count) {
        return std::unexpected(Failure(fmt::format(
            "{}: {} of {} transactions had no success; look at the nodes' logs (--keep)",
            what,
            count - done,
            count)));
    }
    return {};
}

}  // namespace

Fallible<void> TokenContract::prepare(RpcClient& node, LoadAccounts& accounts) {
    POLIS_TRY(const SenderView chain, accounts.view(node));
    const std::string owner = crypto::to_text(accounts.address(0));
    ledger::Deploy deploy;
    POLIS_TRY(deploy.code, token_code());
    deploy.input = codec::encode(std::string("benchmark"));
    append(deploy.input, u128(kUnitsEach * (accounts.size() + 1)));
    POLIS_TRY(
        deploy.gas,
        estimated(
            node,
            {{"code", to_hex_prefixed(deploy.code)},
             {"input", to_hex_prefixed(deploy.input)},
             {"caller", owner}}));
    const Nonce nonce = accounts.take_nonce(0);
    contract_ = ledger::contracts::contract_address(accounts.address(0), nonce);
    std::vector<SignedTxn> txns{signed_txn(accounts.key(0), nonce, chain, deploy)};
    POLIS_TRY_VOID(finish(node, std::move(txns), "the token was not deployed"));
    const ledger::Call first = call_transfer(accounts.address(accounts.size() - 1), kUnitsEach);
    POLIS_TRY(
        gas_,
        estimated(
            node,
            {{"contract", crypto::to_text(contract_)},
             {"method", first.method},
             {"input", to_hex_prefixed(first.input)},
             {"caller", owner}}));
    txns.clear();
    for (std::size_t i = 1; i < accounts.size(); ++i) {
        txns.push_back(signed_txn(
            accounts.key(0),
            accounts.take_nonce(0),
            chain,
            call_transfer(accounts.address(i), kUnitsEach)));
    }
    return finish(node, std::move(txns), "the token's units were not divided");
}

ledger::Call TokenContract::call_transfer(const Address& to, std::uint64_t units) const {
    Bytes input = to_bytes(to.view());
    append(input, u128(units));
    return {
        .contract = contract_,
        .method = "transfer",
        .input = std::move(input),
        .value = {},
        .gas = gas_};
}

ledger::Payload TokenContract::transfer(const Address& to) const { return call_transfer(to, 1); }

}  // namespace polis::tools::bench
