#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include <core/types.hpp>
#include <tools/load/transactions.hpp>

/// What one signature verification by libsodium takes, of transactions that the nodes verify too.
namespace polis::tools::bench {

struct Signed {
    PublicKey key;
    Hash message;
    Signature signature;
};

[[nodiscard]] std::vector<Signed> signatures_of(std::span<const SignedTxn> txns);

/// Processor time of one verification in microseconds, on this thread: the median of several rounds
/// over all signatures. @pre there are some
[[nodiscard]] double verification_us(std::span<const Signed> signatures);

/// The same while something else goes on: a few verifications, twenty times a second, on a thread
/// of its own. They meet what those of the nodes meet: cores that share what computes, a lower
/// clock, other guests of the machine. Takes about one hundredth of a core.
class VerificationProbe {
  public:
    /// @pre there are signatures
    explicit VerificationProbe(std::vector<Signed> signatures);
    VerificationProbe(const VerificationProbe&) = delete;
    VerificationProbe& operator=(const VerificationProbe&) = delete;

    ~VerificationProbe() { stop(); }

    void start();

    /// Idempotent.
    void stop();

    /// The median of all samples. @pre started and stopped
    [[nodiscard]] double verification_us() const;

    /// Processor time of the probe itself. @pre stopped
    [[nodiscard]] std::uint64_t spent_us() const { return spent_us_; }

  private:
    void run();
    [[nodiscard]] double sample(std::size_t first) const;

    const std::vector<Signed> signatures_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool ended_ = false;           ///< under mutex_
    std::vector<double> samples_;  ///< of the thread until it has ended
    std::uint64_t spent_us_ = 0;   ///< the same
    std::thread thread_;
};

}  // namespace polis::tools::bench
