// The state: operations of the journal, and the tree under random updates and proofs.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>

#include <core/check.hpp>
#include <core/random.hpp>
#include <ledger/account.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/state/tree.hpp>
#include <tests/formats/no_source.hpp>

namespace polis::ledger {
namespace {

constexpr std::uint64_t kUpdates = 20'000;
constexpr std::uint64_t kJournalKeys = 10'000;

StateKey key_of(std::uint64_t index) {
    Address address;
    std::ranges::copy(big_endian(index), address.data.begin());
    return account_key(address);
}

Bytes value_of(std::uint64_t number) {
    return codec::encode(Account{.balance = Amount{number}, .nonce = Nonce{1}});
}

StateChanges sorted(StateChanges changes) {
    std::ranges::sort(changes, {}, [](const StateChange& change) { return change.key.path(); });
    return changes;
}

struct Filled {
    formats::NoSource source;
    StateTree tree{source, {}};
};

/// A tree of `records` accounts, built once for each size.
StateTree& tree_of(std::uint64_t records) {
    static std::map<std::uint64_t, std::unique_ptr<Filled>> trees;
    std::unique_ptr<Filled>& filled = trees[records];
    if (!filled) {
        filled = std::make_unique<Filled>();
        StateChanges changes;
        changes.reserve(records);
        for (std::uint64_t i = 0; i < records; ++i) {
            changes.push_back({key_of(i), value_of(i)});
        }
        POLIS_ASSERT(filled->tree.apply(sorted(std::move(changes))).has_value());
    }
    return filled->tree;
}

/// New values for `kUpdates` different records.
StateChanges random_updates(Random& random, std::uint64_t records) {
    std::vector<std::uint64_t> chosen;
    while (chosen.size() < kUpdates) {
        while (chosen.size() < kUpdates) {
            chosen.push_back(random.below(records));
        }
        std::ranges::sort(chosen);
        const auto [first, last] = std::ranges::unique(chosen);
        chosen.erase(first, last);
    }
    StateChanges changes;
    changes.reserve(chosen.size());
    for (const std::uint64_t index : chosen) {
        changes.push_back({key_of(index), value_of(random.next())});
    }
    return sorted(std::move(changes));
}

void tree_apply(benchmark::State& state) {
    const auto records = static_cast<std::uint64_t>(state.range(0));
    StateTree& tree = tree_of(records);
    Random random(1, "state_bench");
    for (auto _ : state) {
        state.PauseTiming();
        const StateChanges changes = random_updates(random, records);
        state.ResumeTiming();
        POLIS_ASSERT(tree.apply(changes).has_value());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kUpdates));
    state.counters["bytes_per_record"] =
        static_cast<double>(tree.memory_bytes()) / static_cast<double>(records);
}

void tree_get(benchmark::State& state) {
    const auto records = static_cast<std::uint64_t>(state.range(0));
    StateTree& tree = tree_of(records);
    Random random(1, "state_bench");
    std::vector<StateKey> keys;
    keys.reserve(kJournalKeys);
    for (std::uint64_t i = 0; i < kJournalKeys; ++i) {
        keys.push_back(key_of(random.below(records)));
    }
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(tree.get(keys[next++ % keys.size()]));
    }
}

void tree_prove(benchmark::State& state) {
    const auto records = static_cast<std::uint64_t>(state.range(0));
    StateTree& tree = tree_of(records);
    Random random(1, "state_bench");
    std::size_t siblings = 0;
    for (auto _ : state) {
        const auto proof = tree.prove(key_of(random.below(records)));
        siblings += proof->siblings.size();
    }
    state.counters["siblings"] =
        static_cast<double>(siblings) / static_cast<double>(state.iterations());
}

void proof_verify(benchmark::State& state) {
    StateTree& tree = tree_of(static_cast<std::uint64_t>(state.range(0)));
    const StateKey key = key_of(1);
    const StateProof proof = *tree.prove(key);
    for (auto _ : state) {
        benchmark::DoNotOptimize(verify_proof(tree.root(), key.bytes(), proof));
    }
}

std::vector<StateKey> journal_keys() {
    std::vector<StateKey> keys;
    keys.reserve(kJournalKeys);
    for (std::uint64_t i = 0; i < kJournalKeys; ++i) {
        keys.push_back(key_of(i));
    }
    return keys;
}

/// Reads of keys that the journal has seen.
void journal_peek(benchmark::State& state) {
    const std::vector<StateKey> keys = journal_keys();
    Journal journal(tree_of(100'000));
    for (const StateKey& key : keys) {
        POLIS_ASSERT(journal.peek(key).has_value());
    }
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(journal.peek(keys[next++ % keys.size()]));
    }
}

/// A journal's life in a block: first reads, writes and the sorted changes of 10,000 records.
void journal_block(benchmark::State& state) {
    const std::vector<StateKey> keys = journal_keys();
    StateTree& tree = tree_of(100'000);
    const Bytes value = value_of(7);
    for (auto _ : state) {
        Journal journal(tree);
        for (const StateKey& key : keys) {
            POLIS_ASSERT(journal.put(key, value).has_value());
        }
        benchmark::DoNotOptimize(journal.changes());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(keys.size()));
}

/// A failing transaction: checkpoint, four writes, rollback.
void journal_rollback(benchmark::State& state) {
    const std::vector<StateKey> keys = journal_keys();
    Journal journal(tree_of(100'000));
    const Bytes value = value_of(7);
    std::size_t next = 0;
    for (auto _ : state) {
        const Journal::Checkpoint checkpoint = journal.checkpoint();
        for (int i = 0; i < 4; ++i) {
            POLIS_ASSERT(journal.put(keys[next++ % keys.size()], value).has_value());
        }
        journal.rollback(checkpoint);
    }
}

BENCHMARK(journal_peek);
BENCHMARK(journal_rollback);
BENCHMARK(journal_block)->Unit(benchmark::kMillisecond);
BENCHMARK(tree_get)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(tree_prove)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(proof_verify)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(tree_apply)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace polis::ledger
