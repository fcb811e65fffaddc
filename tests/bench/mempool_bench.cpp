// What a transaction costs the mempool from its arrival until the block that holds it.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include <benchmark/benchmark.h>

#include <core/check.hpp>
#include <tests/ledger/mempool/fixture.hpp>

namespace polis::ledger::test {
namespace {

constexpr std::uint64_t kSenders = 1'000;
constexpr std::uint64_t kBlockTxns = 1'000;

/// Arrivals in turn from all senders, and blocks of the earliest of them: a pool with `waiting`
/// transactions in which every block takes as many as have come.
void arrive_and_leave(benchmark::State& state) {
    const auto waiting = static_cast<std::uint64_t>(state.range(0));
    FakeAccounts accounts;
    for (std::uint64_t sender = 0; sender < kSenders; ++sender) {
        accounts.set(sender, UINT64_C(1) << 60);
    }
    Mempool pool({}, Height{0});
    std::uint64_t arrived = 0;
    const auto arrive = [&] {
        const std::uint64_t sender = arrived % kSenders;
        const std::uint64_t nonce = arrived / kSenders;
        const auto verdict = pool.add(
            make_txn(
                {.id = arrived * 0x9E3779B97F4A7C15,
                 .sender = sender,
                 .nonce = nonce,
                 .valid_until = UINT64_C(1) << 40}),
            accounts);
        POLIS_ASSERT(verdict && *verdict);
        ++arrived;
    };
    while (arrived < waiting) {
        arrive();
    }
    Height height{0};
    for (auto _ : state) {
        for (std::uint64_t i = 0; i < kBlockTxns; ++i) {
            arrive();
        }
        const auto chosen = pool.select(
            {.gas_max = Gas{UINT64_C(1) << 60},
             .bytes_max = 1 << 30,
             .count_max = kBlockTxns,
             .height = {++height.value}});
        POLIS_ASSERT(chosen.size() == kBlockTxns);
        std::vector<Hash> included;
        std::vector<Address> touched;
        for (const TxnPtr& txn : chosen) {
            included.push_back(txn->id);
            touched.push_back(txn->sender);
            ++accounts.accounts[txn->sender].nonce.value;
        }
        const auto removed =
            pool.on_block({.height = height, .included = included, .touched = touched}, accounts);
        POLIS_ASSERT(removed && removed->size() == kBlockTxns);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBlockTxns));
}

BENCHMARK(arrive_and_leave)->Arg(0)->Arg(5'000)->Arg(40'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace polis::ledger::test

BENCHMARK_MAIN();
