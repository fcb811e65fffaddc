#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include <consensus/facts/collector.hpp>
#include <consensus/facts/fact.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_queries.hpp>
#include <ledger/store/blob_store.hpp>
#include <node/log/log.hpp>
#include <node/runtime/mutex.hpp>

namespace polis::node {

/// Read by metrics.
struct FactFinderCounters {
    std::atomic<std::uint64_t> blobs_found{0};
    std::atomic<std::uint64_t> models_scored{0};
    std::atomic<std::uint64_t> samples_evaluated{0};
    std::atomic<std::uint64_t> evaluation_us{0};
};

/// Works out the facts that the chain waits for, one after another on a thread of its own: whether
/// a blob is here, and what a revealed model scores. Agreement never waits for it: a fact that
/// comes late counts late, and one that nobody needs any more is left in the middle.
class FactFinder {
  public:
    struct Setup {
        const ledger::BlobStore* blobs = nullptr;  ///< outlives the finder
        Log* log = nullptr;
        std::function<void(consensus::Fact)> found;  ///< called on the finder's thread
    };

    explicit FactFinder(Setup setup);

    ~FactFinder() { stop(); }

    FactFinder(const FactFinder&) = delete;
    FactFinder& operator=(const FactFinder&) = delete;

    void start();

    /// Ends the work under way and joins. Idempotent.
    void stop();

    /// What the chain waits for after its latest block; replaces what it waited for before. Any
    /// thread.
    void wants(ledger::tasks::Wanted wanted);

    [[nodiscard]] const FactFinderCounters& counters() const { return counters_; }

    /// Scores that are wanted and not worked out yet. Any thread.
    [[nodiscard]] std::size_t backlog() const;

  private:
    using Wanted = ledger::tasks::Wanted;
    using ScoreWanted = ledger::tasks::ScoreWanted;

    void run();
    [[nodiscard]] std::optional<Wanted> next_wanted();
    void look_for_blobs(const Wanted& wanted);
    void score(const ScoreWanted& wanted);
    [[nodiscard]] std::optional<Bytes> read(const Hash& root) const;
    [[nodiscard]] bool still_wanted(const Hash& subject) const;
    void forget_all_but(const Wanted& wanted) POLIS_REQUIRES(mutex_);

    const Setup setup_;
    FactFinderCounters counters_;
    std::thread thread_;
    mutable Mutex mutex_;
    Condition changed_;
    Wanted wanted_ POLIS_GUARDED_BY(mutex_);
    bool ending_ POLIS_GUARDED_BY(mutex_) = false;
    std::set<consensus::FactKey> done_ POLIS_GUARDED_BY(mutex_);
};

}  // namespace polis::node
