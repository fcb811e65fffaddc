#include <tools/bench/floor.hpp>

#include <algorithm>
#include <ctime>
#include <thread>
#include <vector>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <ledger/transaction.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::size_t kRounds = 9;

struct Signed {
    PublicKey key;
    Hash message;
    Signature signature;
};

std::vector<Signed> signatures_of(std::span<const SignedTxn> txns) {
    std::vector<Signed> out;
    for (const SignedTxn& txn : txns) {
        const auto decoded = codec::decode<ledger::Transaction>(txn.encoded);
        POLIS_ASSERT(decoded.has_value());
        out.push_back(
            {.key = decoded->body.sender,
             .message = ledger::signing_hash(decoded->body),
             .signature = decoded->signature});
    }
    return out;
}

double thread_us() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

/// Of one verification in each round.
std::vector<double> rounds(const std::vector<Signed>& signatures) {
    std::vector<double> out;
    for (std::size_t round = 0; round < kRounds; ++round) {
        const double begin = thread_us();
        for (const Signed& one : signatures) {
            POLIS_ASSERT(crypto::verify(one.key, one.message.view(), one.signature));
        }
        out.push_back((thread_us() - begin) / static_cast<double>(signatures.size()));
    }
    return out;
}

}  // namespace

std::size_t all_cores() { return std::max(1U, std::thread::hardware_concurrency()); }

double verification_us(std::span<const SignedTxn> txns, std::size_t cores) {
    POLIS_ASSERT(cores > 0);
    const std::vector<Signed> signatures = signatures_of(txns);
    std::vector<std::vector<double>> by_core(cores);
    std::vector<std::thread> threads;
    for (std::vector<double>& times : by_core) {
        threads.emplace_back([&times, &signatures] { times = rounds(signatures); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    std::vector<double> all;
    for (const std::vector<double>& times : by_core) {
        all.insert(all.end(), times.begin(), times.end());
    }
    std::ranges::sort(all);
    return all[all.size() / 2];
}

}  // namespace polis::tools::bench
