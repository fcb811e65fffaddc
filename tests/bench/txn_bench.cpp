// Admission of transactions, and signatures of a whole block on several threads.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <sodium.h>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/worker_pool.hpp>
#include <ledger/transaction.hpp>
#include <ledger/validation.hpp>
#include <tests/formats/example.hpp>

namespace polis::ledger {
namespace {

constexpr std::size_t kTxns = 2'000;

Transaction transfer(std::uint64_t nonce) {
    static const formats::Example kExample = formats::make_example();
    static const crypto::SigningKey kKey = formats::key_of(1);
    TxnBody body = kExample.block.txns.front().txn.body;
    body.nonce = Nonce{nonce};
    return sign(kKey, std::move(body));
}

TxnRules rules() { return formats::rules_of(formats::make_example().params); }

CheckedBlock block_of_transfers() {
    CheckedBlock block;
    block.txns.reserve(kTxns);
    for (std::size_t i = 0; i < kTxns; ++i) {
        block.txns.push_back(*check(transfer(i), rules()));
    }
    return block;
}

void encode_transfer(benchmark::State& state) {
    const Transaction txn = transfer(0);
    for (auto _ : state) {
        benchmark::DoNotOptimize(codec::encode(txn));
    }
}

void decode_transfer(benchmark::State& state) {
    const Bytes encoded = codec::encode(transfer(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(codec::decode<Transaction>(encoded));
    }
}

void check_transfer(benchmark::State& state) {
    const Bytes encoded = codec::encode(transfer(0));
    const TxnRules against = rules();
    for (auto _ : state) {
        benchmark::DoNotOptimize(check(encoded, against));
    }
}

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

double median_us(std::vector<Seconds> times) {
    const auto middle = times.begin() + std::ssize(times) / 2;
    std::ranges::nth_element(times, middle);
    return 1e6 * middle->count();
}

/// Decode, every stateless check and the signature, against one bare verification by libsodium of
/// the same signature: the two alternate, and medians are compared, so that a busy machine does not
/// change the ratio.
void admit_transfer(benchmark::State& state) {
    const Transaction txn = transfer(0);
    const Bytes encoded = codec::encode(txn);
    const Hash message = signing_hash(txn.body);
    const TxnRules against = rules();
    std::vector<Seconds> ours;
    std::vector<Seconds> theirs;
    for (auto _ : state) {
        const auto start = Clock::now();
        const auto checked = check(encoded, against);
        const bool valid = checked && signature_valid(checked->txn);
        const auto middle = Clock::now();
        const int refused = crypto_sign_verify_detached(
            txn.signature.data.data(),
            message.data.data(),
            message.data.size(),
            txn.body.sender.data.data());
        const auto end = Clock::now();
        POLIS_ASSERT(valid && refused == 0);
        ours.push_back(middle - start);
        theirs.push_back(end - middle);
        state.SetIterationTime(Seconds(middle - start).count());
    }
    state.counters["admit_us"] = median_us(ours);
    state.counters["libsodium_us"] = median_us(theirs);
    state.counters["vs_libsodium"] = median_us(ours) / median_us(theirs);
}

void block_signatures(benchmark::State& state) {
    static const CheckedBlock kBlock = block_of_transfers();
    WorkerPool pool(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const bool valid = check_signatures(kBlock, pool).has_value();
        POLIS_ASSERT(valid);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTxns));
}

BENCHMARK(encode_transfer);
BENCHMARK(decode_transfer);
BENCHMARK(check_transfer);
BENCHMARK(admit_transfer)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(block_signatures)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->Arg(4)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace polis::ledger
