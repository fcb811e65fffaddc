#include <tools/bench/floor.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/ed25519.hpp>
#include <ledger/transaction.hpp>

namespace polis::tools::bench {

namespace {

constexpr std::size_t kRounds = 9;
constexpr std::chrono::milliseconds kPause{50};
/// Of a sample: the first ones bring libsodium's tables back into the cache, as a node has them.
constexpr std::size_t kWarmUp = 2;
constexpr std::size_t kCounted = 6;

double thread_us() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

void verify(const Signed& one) {
    POLIS_ASSERT(crypto::verify(one.key, one.message.view(), one.signature));
}

double median(std::vector<double> values) {
    POLIS_ASSERT(!values.empty());
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
}

}  // namespace

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

double verification_us(std::span<const Signed> signatures) {
    std::vector<double> rounds;
    for (std::size_t round = 0; round < kRounds; ++round) {
        const double begin = thread_us();
        std::ranges::for_each(signatures, verify);
        rounds.push_back((thread_us() - begin) / static_cast<double>(signatures.size()));
    }
    return median(std::move(rounds));
}

VerificationProbe::VerificationProbe(std::vector<Signed> signatures)
    : signatures_(std::move(signatures)) {
    POLIS_ASSERT(!signatures_.empty());
}

void VerificationProbe::start() {
    thread_ = std::thread([this] { run(); });
}

void VerificationProbe::stop() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

double VerificationProbe::verification_us() const { return median(samples_); }

void VerificationProbe::run() {
    bool ended = false;
    for (std::size_t i = 0; !ended; ++i) {
        samples_.push_back(sample(i * (kWarmUp + kCounted)));
        std::unique_lock lock(mutex_);
        ended = wake_.wait_for(lock, kPause, [this] { return ended_; });
    }
    spent_us_ = static_cast<std::uint64_t>(thread_us());
}

/// One verification on average, from a place in the list on.
double VerificationProbe::sample(std::size_t first) const {
    double begin = 0;
    for (std::size_t i = 0; i < kWarmUp + kCounted; ++i) {
        if (i == kWarmUp) {
            begin = thread_us();
        }
        verify(signatures_[(first + i) % signatures_.size()]);
    }
    return (thread_us() - begin) / static_cast<double>(kCounted);
}

}  // namespace polis::tools::bench
