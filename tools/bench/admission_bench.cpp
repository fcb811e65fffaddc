#include <tools/bench/admission_bench.hpp>

#include <algorithm>
#include <array>
#include <thread>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/random.hpp>
#include <core/worker_pool.hpp>
#include <ledger/transaction.hpp>
#include <tools/bench/stopwatch.hpp>

namespace polis::tools {

namespace {

constexpr ledger::TxnRules kRules{
    .chain_id = {1}, .block_gas_max = {1'000'000}, .gas_price_min = {1}};

crypto::Seed random_seed(Random& random) {
    std::array<std::uint8_t, crypto::Seed::kSize> bytes{};
    random.fill(bytes);
    return crypto::Seed(bytes);
}

/// Encoded transfers, each signed by a key of its own.
std::vector<Bytes> signed_transfers(std::uint64_t seed, std::size_t count) {
    Random random(seed, "admission");
    std::vector<Bytes> out;
    for (std::size_t i = 0; i < count; ++i) {
        const crypto::SigningKey key(random_seed(random));
        ledger::Transfer transfer{.to = {}, .amount = {1 + random.below(1'000)}};
        random.fill(transfer.to.data);
        const ledger::TxnBody body{
            .chain_id = kRules.chain_id,
            .sender = key.public_key(),
            .nonce = {random.below(1'000)},
            .gas_limit = {10'000},
            .gas_price = {1},
            .valid_until = {1'000},
            .payload = transfer};
        out.push_back(codec::encode(ledger::sign(key, body)));
    }
    return out;
}

bool admit(const Bytes& encoded) {
    const auto checked = ledger::check(encoded, kRules);
    return checked.has_value() && ledger::signature_valid(checked->txn);
}

bool verify_raw(const ledger::Transaction& txn, const Hash& digest) {
    return crypto::verify(txn.body.sender, digest.view(), txn.signature);
}

}  // namespace

AdmissionFigures measure_admission(std::uint64_t seed, std::size_t txns) {
    const std::vector<Bytes> encoded = signed_transfers(seed, txns);
    std::vector<ledger::Transaction> decoded;
    std::vector<Hash> digests;
    for (const Bytes& bytes : encoded) {
        decoded.push_back(*codec::decode<ledger::Transaction>(bytes));
        digests.push_back(ledger::signing_hash(decoded.back().body));
    }
    double raw_seconds = 0;
    double admission_seconds = 0;
    for (std::size_t i = 0; i < txns; ++i) {
        Stopwatch watch;
        POLIS_ASSERT(verify_raw(decoded[i], digests[i]));
        raw_seconds += watch.lap();
        POLIS_ASSERT(admit(encoded[i]));
        admission_seconds += watch.lap();
    }
    AdmissionFigures out;
    out.verify_us = raw_seconds * 1e6 / static_cast<double>(txns);
    out.admission_us = admission_seconds * 1e6 / static_cast<double>(txns);
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t threads = 1; threads <= cores; threads *= 2) {
        WorkerPool workers(threads);
        Stopwatch watch;
        const auto admit_range = [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                POLIS_ASSERT(admit(encoded[i]));
            }
        };
        workers.run(txns, admit_range, /*grain=*/16);
        out.parallel.push_back({threads, static_cast<double>(txns) / watch.lap()});
    }
    return out;
}

}  // namespace polis::tools
