#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <consensus/election.hpp>
#include <consensus/pole/records.hpp>
#include <consensus/pole/round.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/params.hpp>
#include <ledger/payload.hpp>
#include <ledger/receipt.hpp>
#include <ledger/state/journal.hpp>

/// Learning tasks: offered with coins in escrow, opened as rounds one at a time, settled by scores.
/// No coin is made or lost here: what a task holds goes to trainers or back to its owner.
/// On chains with another election every payload fails with kNoTasks. docs/spec/pole.md
namespace polis::ledger::tasks {

// Events; the data of each is the encoding of the struct.
struct Submitted {
    Hash task;
    Address owner;
    Amount reward;
    Amount bond;
    static constexpr auto kFields =
        codec::fields(&Submitted::task, &Submitted::owner, &Submitted::reward, &Submitted::bond);
};

/// tasks.cancelled, tasks.displaced, tasks.expired
struct Dropped {
    Hash task;
    Address owner;
    Amount refunded;
    static constexpr auto kFields =
        codec::fields(&Dropped::task, &Dropped::owner, &Dropped::refunded);
};

/// tasks.available: all blobs are attested.
struct Available {
    Hash task;
    static constexpr auto kFields = codec::fields(&Available::task);
};

/// tasks.opened
struct Opened {
    std::uint64_t round = 0;
    Hash task;
    Hash beacon;   ///< what seeds are made of
    TimeMs until;  ///< commitments are taken
    static constexpr auto kFields =
        codec::fields(&Opened::round, &Opened::task, &Opened::beacon, &Opened::until);
};

/// tasks.committed
struct Committed {
    std::uint64_t round = 0;
    Hash task;
    Address trainer;
    static constexpr auto kFields =
        codec::fields(&Committed::round, &Committed::task, &Committed::trainer);
};

/// tasks.revealing: training is over.
struct Revealing {
    std::uint64_t round = 0;
    Hash task;
    TimeMs until;
    static constexpr auto kFields =
        codec::fields(&Revealing::round, &Revealing::task, &Revealing::until);
};

/// tasks.revealed
struct Revealed {
    std::uint64_t round = 0;
    Hash task;
    Address trainer;
    Hash model;
    static constexpr auto kFields =
        codec::fields(&Revealed::round, &Revealed::task, &Revealed::trainer, &Revealed::model);
};

/// tasks.key_revealed
struct KeyRevealed {
    std::uint64_t round = 0;
    Hash task;
    static constexpr auto kFields = codec::fields(&KeyRevealed::round, &KeyRevealed::task);
};

/// tasks.scoring: models are evaluated on these data; again if the test blob was found to be bad.
struct Scoring {
    std::uint64_t round = 0;
    Hash task;
    Hash data;
    TimeMs until;
    static constexpr auto kFields =
        codec::fields(&Scoring::round, &Scoring::task, &Scoring::data, &Scoring::until);
};

/// tasks.scored
struct Scored {
    std::uint64_t round = 0;
    Hash task;
    Address trainer;
    consensus::pole::ScoreResult result;
    static constexpr auto kFields =
        codec::fields(&Scored::round, &Scored::task, &Scored::trainer, &Scored::result);
};

/// tasks.settled
struct Settled {
    std::uint64_t round = 0;
    Hash task;
    std::optional<Address> winner;
    bool owner_failed = false;
    Amount returned;  ///< to the owner
    static constexpr auto kFields = codec::fields(
        &Settled::round,
        &Settled::task,
        &Settled::winner,
        &Settled::owner_failed,
        &Settled::returned);
};

/// tasks.paid: bond and rewards of a trainer. tasks.slashed: the bond that it lost.
struct Paid {
    std::uint64_t round = 0;
    Hash task;
    Address trainer;
    Amount amount;
    static constexpr auto kFields =
        codec::fields(&Paid::round, &Paid::task, &Paid::trainer, &Paid::amount);
};

/// True for the events of this module, by name.
[[nodiscard]] bool is_event(const Event& event);

/// @return kNoTasks, kTaskExists, kTasksFull, kInsufficientBalance or kSuccess.
/// @pre spec_error() has nothing against the task
[[nodiscard]] ModuleResult apply(TxnContext& context, const SubmitTask& request);

/// @return kNoTasks, kUnknownTask, kNotContender, kRoundNotOpen, kRoundTooLate, kAlreadyCommitted,
/// kRoundFull, kInsufficientBalance or kSuccess
[[nodiscard]] ModuleResult apply(TxnContext& context, const CommitModel& request);

/// @return kNoTasks, kRoundNotOpen, kRoundTooEarly, kRoundTooLate, kNotCommitted, kAlreadyRevealed,
/// kRevealMismatch or kSuccess
[[nodiscard]] ModuleResult apply(TxnContext& context, const RevealModel& request);

/// @return kNoTasks, kUnknownTask, kRoundNotOpen, kRoundTooEarly, kRoundTooLate,
/// kAlreadyRevealed, kWrongTestKey or kSuccess
[[nodiscard]] ModuleResult apply(TxnContext& context, const RevealTestKey& request);

/// @return kNoTasks, kUnknownTask, kNotTaskOwner, kTaskNotWaiting or kSuccess
[[nodiscard]] ModuleResult apply(TxnContext& context, const CancelTask& request);

/// What a block changes beside its transactions: tasks become available or expire, windows end, a
/// round is settled, the next one opens. After the election has taken the block's facts, and before
/// a term ends. Costs O(kTasksWaitingMax + kEntriesMax). Spec [G1] to [G18].
/// @param events is appended to
[[nodiscard]] StoreResult<void> end_block(
    Journal& state,
    const Params& params,
    const consensus::BlockView& block,
    std::vector<Event>& events);

/// What a task asks of its round.
[[nodiscard]] consensus::pole::Rules rules_of(const TaskSpec& spec);

/// How a settled round is remembered, payments included. Pure; for whoever checks a round again.
/// Spec [G14] to [G17].
[[nodiscard]] RoundResult result_of(
    const consensus::pole::Settlement& settlement,
    const TaskSpec& spec,
    const consensus::BlockView& block);

/// Takes a waiting task off the list and gives its coins back. @pre the task is waiting
/// @return what its owner got
[[nodiscard]] StoreResult<Amount> drop(
    Journal& state, const Hash& id, Task task, TaskState end, Height height);

}  // namespace polis::ledger::tasks
