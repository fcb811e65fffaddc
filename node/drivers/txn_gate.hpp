#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <core/bytes.hpp>
#include <core/hash_map.hpp>
#include <core/types.hpp>
#include <ledger/mempool/admission.hpp>
#include <ledger/transaction.hpp>
#include <node/drivers/in_flight.hpp>
#include <node/metrics/stages.hpp>
#include <node/runtime/job_pool.hpp>
#include <node/runtime/mutex.hpp>
#include <node/validator/validator.hpp>

namespace polis::node {

/// The node has no room for a transaction now, or ends.
struct GateBusy {};

/// What became of a client's transaction, and its id; called once, on any thread.
using TxnReply = std::function<void(
    const Hash& id,
    const std::variant<ledger::Admission, ledger::MempoolError, ledger::TxnError, GateBusy>&)>;

/// Decodes, checks and verifies transactions on the crypto pool before the validator sees them.
///
/// What one peer sends comes out in its order, and so does what clients send; signatures of both
/// are verified on all threads at once. A signature that was valid lately is not verified again:
/// the same transaction comes from every peer. Overflow policy: a peer's batch is dropped, a client
/// hears GateBusy. Safe from any thread.
class TxnGate {
  public:
    /// Called on crypto threads.
    class Sink {
      public:
        virtual ~Sink() = default;

        /// False if there is no room. @param held goes when the transactions are worked off
        /// @param at_us when they were verified, on average, by Clock::steady_us()
        [[nodiscard]] virtual bool verified(
            TxnsVerified txns, std::size_t bytes, InFlight held, std::uint64_t at_us) = 0;
        virtual void misbehaved(PeerId peer, std::string reason) = 0;
    };

    static constexpr std::size_t kClientTxnsMax = 20'000;  ///< that wait for their verification
    static constexpr std::size_t kVerifiedIdsMax = 65'536;

    /// @pre pool, sink and times outlive this and every job
    TxnGate(const ledger::TxnRules& rules, JobPool& pool, Sink& sink, StageTimes& times);

    /// A message of a peer on Channel::kTxns. False if it is dropped.
    [[nodiscard]] bool take_batch(PeerId peer, Bytes message, InFlight held);

    void submit(Bytes encoded, TxnReply reply);

    /// The validator's answer to a client's transaction.
    void answer(const TxnVerdict& verdict);

    /// Answers GateBusy to all that still wait. @pre the pool has stopped
    void close();

    [[nodiscard]] std::uint64_t verified_count() const { return verified_count_.load(); }

    [[nodiscard]] std::uint64_t repeated_count() const { return repeated_count_.load(); }

    [[nodiscard]] std::uint64_t dropped_count() const { return dropped_count_.load(); }

  private:
    using Source = std::optional<PeerId>;

    struct Waiting {
        std::uint64_t ticket = 0;
        Bytes encoded;
        std::uint64_t received_us = 0;
    };

    /// What a job makes of one batch.
    struct Verified {
        TxnsVerified txns;
        std::size_t bytes = 0;
        InFlight held;
        std::uint64_t at_us = 0;  ///< when its transactions were verified, on average
    };

    /// Of a peer.
    struct Batch {
        Bytes message;
        InFlight held;
        std::uint64_t received_us = 0;
    };

    /// The time of one job, for the stages of its transactions.
    struct Lap {
        std::uint64_t now_us = 0;
        std::uint64_t verified_us_sum = 0;  ///< of the moments at which they were verified

        /// @param count transactions that were verified
        [[nodiscard]] std::uint64_t verified_us_mean(std::size_t count) const {
            return count == 0 ? now_us : verified_us_sum / count;
        }
    };

    /// A place in the order of a source, filled when its job is done.
    struct Slot {
        bool done = false;
        Verified result;
    };

    struct Line {
        std::deque<Slot> slots;
        std::uint64_t first = 0;  ///< number of slots.front()
        bool delivering = false;
    };

    [[nodiscard]] std::uint64_t reserve(const Source& source) POLIS_REQUIRES(mutex_);
    void fill(const Source& source, std::uint64_t slot, Verified result);
    void deliver(Verified result);
    void work_on_batch(PeerId peer, std::uint64_t slot, Batch& batch);
    void work_on_clients();
    void schedule_clients();
    [[nodiscard]] Result<ledger::TxnPtr, ledger::TxnError> verify(
        ByteView encoded, std::uint64_t received_us, Lap& lap);
    [[nodiscard]] bool known(const Hash& id);
    void remember(const Hash& id);
    [[nodiscard]] TxnReply take_reply(std::uint64_t ticket);

    const ledger::TxnRules rules_;
    JobPool& pool_;
    Sink& sink_;
    StageTimes& times_;
    std::atomic<std::uint64_t> verified_count_{0};
    std::atomic<std::uint64_t> repeated_count_{0};  ///< verified lately, so not again
    std::atomic<std::uint64_t> dropped_count_{0};

    Mutex mutex_;
    std::map<Source, Line> lines_ POLIS_GUARDED_BY(mutex_);
    std::deque<Waiting> clients_ POLIS_GUARDED_BY(mutex_);
    std::size_t client_jobs_ POLIS_GUARDED_BY(mutex_) = 0;
    std::map<std::uint64_t, TxnReply> replies_ POLIS_GUARDED_BY(mutex_);
    std::uint64_t next_ticket_ POLIS_GUARDED_BY(mutex_) = 1;
    bool closed_ POLIS_GUARDED_BY(mutex_) = false;

    Mutex ids_mutex_;
    HashSet ids_ POLIS_GUARDED_BY(ids_mutex_);
    std::deque<Hash> ids_by_age_ POLIS_GUARDED_BY(ids_mutex_);
};

}  // namespace polis::node
