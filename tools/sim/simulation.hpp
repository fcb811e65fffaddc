#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <consensus/memo_checker.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <genesis/builder.hpp>
#include <tools/sim/cluster.hpp>
#include <tools/sim/event_queue.hpp>
#include <tools/sim/judge.hpp>
#include <tools/sim/result.hpp>
#include <tools/sim/scenario.hpp>
#include <tools/sim/trace.hpp>

namespace polis::sim {

/// One run from beginning to end.
///
/// First the phase of faults: whatever the seed wants goes wrong, and nothing may break. Then the
/// faults end, and the nodes must go on within f + 1 leader changes: a block that every correct
/// node finalizes, then two more.
class Simulation {
  public:
    /// @param sink takes the trace; may be empty
    Simulation(const Case& run, TraceSink sink);

    /// Called once.
    [[nodiscard]] RunResult run();

  private:
    /// What happens to the cluster from outside, again and again.
    enum class Chore : std::uint8_t {
        kCrash,
        kPartition,
        kMend,
        kDisk,
        kSetBack,
        kTraitors,
        kTxn,
        kFact,
        kLearn
    };

    void run_faults();
    void run_recovery();
    void run_after_fork();
    bool step_until(TimeMs limit);
    void schedule(Chore chore, std::uint64_t mean_ms);
    void do_chore(Chore chore);
    void crash_somebody();
    void cut_something();
    void break_some_disk();
    void set_somebody_back();
    void prompt_traitors();
    void submit_txn();
    void find_fact();
    void learn();
    void tell(NodeId id, const consensus::Fact& fact);
    [[nodiscard]] std::uint64_t pause();
    [[nodiscard]] std::optional<NodeId> some_node(bool correct);
    [[nodiscard]] bool all_correct_at(Height height) const;
    [[nodiscard]] View highest_view(Height height);
    [[nodiscard]] bool over() const;

    Scenario scenario_;
    genesis::Genesis genesis_;
    consensus::MemoChecker checker_;
    WorkerPool workers_{0};
    Trace trace_;
    Judge judge_;
    Cluster cluster_;
    EventQueue<Chore> chores_;
    Random random_;              ///< for faults
    Random work_;                ///< for transactions and facts
    std::set<NodeId> set_back_;  ///< whose vote record was copied
    std::uint64_t fact_count_ = 0;
    bool healed_ = false;
    RunResult result_;
};

/// Runs a case without showing its trace.
[[nodiscard]] RunResult run_case(const Case& run);

}  // namespace polis::sim
