#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <core/types.hpp>
#include <ledger/store/key_value.hpp>
#include <node/drivers/in_flight.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/log/log.hpp>
#include <node/metrics/stage_timer.hpp>
#include <node/metrics/time_histogram.hpp>
#include <node/rpc/backend.hpp>
#include <node/runtime/channel.hpp>
#include <node/runtime/clock.hpp>
#include <node/validator/validator.hpp>

/// The `consensus` thread: gives the validator its inputs and performs what it answers, in order.
namespace polis::node {

/// What comes out of the consensus thread. Called on it: must return at once.
class ValidatorListener {
  public:
    virtual ~ValidatorListener() = default;

    virtual void send(std::vector<NetOrder> orders) = 0;
    virtual void event(const rpc::NodeEvent& event) = 0;
    virtual void verdict(const TxnVerdict& verdict) = 0;

    /// The store failed; the driver steps no more and the process must end.
    virtual void store_failed(const ledger::StoreError& error) = 0;

    [[nodiscard]] virtual std::size_t peer_count() const = 0;
};

/// Read by metrics.
struct ValidatorCounters {
    std::atomic<std::uint64_t> blocks{0};
    std::atomic<std::uint64_t> txns{0};
    std::atomic<std::uint64_t> view_changes{0};  ///< blocks decided above view 0, by their views
    std::atomic<std::uint64_t> alarms{0};
    TimeHistogram steps;
};

class ValidatorDriver {
  public:
    /// Lanes of the queue; a lower one goes first. Votes overtake transactions and queries.
    enum class Lane : std::uint8_t { kPeers, kConsensus, kBlocks, kQueries, kTxns };
    static constexpr std::size_t kLanes = 5;

    /// Gets the validator, or null if the driver has ended.
    using Query = std::function<void(Validator*)>;

    struct Setup {
        std::unique_ptr<Validator> validator;
        ValidatorListener* listener = nullptr;
        StageTimer* stages = nullptr;  ///< of this driver's thread
        Clock* clock = nullptr;
        Log* log = nullptr;
    };

    explicit ValidatorDriver(Setup setup);
    ~ValidatorDriver();
    ValidatorDriver(const ValidatorDriver&) = delete;
    ValidatorDriver& operator=(const ValidatorDriver&) = delete;

    void start();

    /// Finishes the step under way, answers null to waiting queries and joins. Idempotent.
    void stop();

    /// False if the lane is full; then nothing has happened. Any thread.
    /// @param ready_us of TxnsVerified: when they were verified, by Clock::steady_us()
    [[nodiscard]] bool push(
        Lane lane,
        ValidatorInput input,
        std::size_t bytes,
        InFlight held,
        std::uint64_t ready_us = 0);

    /// Answered with null at once if there is no room. Any thread.
    void ask(Query query);

    /// Never null. Any thread.
    [[nodiscard]] rpc::SnapshotPtr snapshot() const;

    [[nodiscard]] const ValidatorCounters& counters() const { return counters_; }

    [[nodiscard]] std::size_t waiting(Lane lane) const {
        return queue_.count(static_cast<std::size_t>(lane));
    }

    [[nodiscard]] std::size_t waiting_bytes(Lane lane) const {
        return queue_.bytes(static_cast<std::size_t>(lane));
    }

  private:
    struct Work {
        std::variant<ValidatorInput, Query> what;
        InFlight held;
        std::uint64_t ready_us = 0;
    };

    void run();
    void work_on(Work work);
    void step(const ValidatorInput& input, std::uint64_t ready_us = 0);
    void perform(ValidatorOutputs outputs);
    void perform_one(SendTo& output);
    void perform_one(SendAll& output);
    void perform_one(Penalise& output);
    void perform_one(const Finalized& output);
    void perform_one(const TxnVerdict& output);
    void perform_one(const AlarmRaised& output);
    void perform_one(const Accused& output);
    void perform_one(const FactDisputed& output);
    void perform_one(const StopNode& output);
    void raise_alarm(std::string text);
    void publish();
    [[nodiscard]] std::vector<Hash> unknown_of(const ValidatorInput& input) const;
    void tell_pending(const std::vector<Hash>& candidates);
    void taken_in(const Hash& txn);

    // Constant after construction.
    std::unique_ptr<Validator> validator_;
    ValidatorListener& listener_;
    StageTimer& stages_;
    Clock& clock_;
    Log& log_;

    ValidatorCounters counters_;
    Channel<Work, kLanes> queue_;
    std::atomic<bool> ending_{false};
    mutable Mutex mutex_;
    rpc::SnapshotPtr snapshot_ POLIS_GUARDED_BY(mutex_);
    std::thread thread_;

    // Owned by the thread.
    std::vector<NetOrder> orders_;
    std::vector<std::string> alarms_;
    std::size_t taken_in_ = 0;       ///< transactions that the step under way brought
    std::uint64_t step_end_us_ = 0;  ///< when it had done so
    TimeMs head_since_;
    bool changed_ = true;  ///< since the last snapshot
    std::uint64_t published_us_ = 0;
};

}  // namespace polis::node
