#include <ledger/modules/tasks.hpp>

#include <array>
#include <utility>

#include <consensus/facts/fact.hpp>
#include <consensus/pole/round.hpp>
#include <core/check.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/staking.hpp>

namespace polis::ledger::tasks {

namespace {

namespace pole = consensus::pole;

TxnStatus status_of(pole::RoundError error) {
    switch (error) {
        case pole::RoundError::kNotOpen:
            return TxnStatus::kRoundNotOpen;
        case pole::RoundError::kTooEarly:
            return TxnStatus::kRoundTooEarly;
        case pole::RoundError::kTooLate:
            return TxnStatus::kRoundTooLate;
        case pole::RoundError::kAlreadyCommitted:
            return TxnStatus::kAlreadyCommitted;
        case pole::RoundError::kFull:
            return TxnStatus::kRoundFull;
        case pole::RoundError::kNotCommitted:
            return TxnStatus::kNotCommitted;
        case pole::RoundError::kAlreadyRevealed:
            return TxnStatus::kAlreadyRevealed;
        case pole::RoundError::kMismatch:
            return TxnStatus::kRevealMismatch;
        case pole::RoundError::kWrongKey:
            return TxnStatus::kWrongTestKey;
    }
    return TxnStatus::kRoundNotOpen;
}

bool has_tasks(const TxnContext& context) { return context.params.election == ElectionKind::kPole; }

pole::Moment moment_of(const TxnContext& context) {
    return {.height = context.height, .time = context.time};
}

StoreResult<bool> blob_available(StateView& state, const Hash& root) {
    POLIS_TRY(const auto fact, facts::load_fact(state, consensus::FactKind::kBlobAvailable, root));
    return fact.has_value();
}

std::array<Hash, 3> roots_of(const TaskSpec& spec) {
    return {spec.training, spec.test, spec.validation};
}

struct Cheapest {
    Hash id;
    Task task;
};

/// The waiting task with the smallest reward, of equals the last one by id. @pre the list is full
StoreResult<Cheapest> cheapest(StateView& state, const std::vector<Hash>& ids) {
    std::optional<Cheapest> out;
    for (const Hash& id : ids) {
        POLIS_TRY(auto task, load_task(state, id));
        POLIS_ASSERT(task.has_value());
        if (!out || task->spec.reward <= out->task.spec.reward) {
            out = Cheapest{id, *std::move(task)};
        }
    }
    POLIS_ASSERT(out.has_value());
    return *std::move(out);
}

/// Makes room on a full list for a task that is paid better than some on it.
ModuleResult make_room(TxnContext& context, Amount reward) {
    POLIS_TRY(const auto ids, waiting(context.state));
    if (ids.size() < kTasksWaitingMax) {
        return TxnStatus::kSuccess;
    }
    POLIS_TRY(Cheapest victim, cheapest(context.state, ids));
    if (reward <= victim.task.spec.reward) {
        return TxnStatus::kTasksFull;
    }
    const Address owner = victim.task.owner;
    POLIS_TRY(
        const Amount refunded,
        drop(
            context.state,
            victim.id,
            std::move(victim.task),
            TaskState::kDisplaced,
            context.height));
    context.emit("tasks.displaced", Dropped{victim.id, owner, refunded});
    return TxnStatus::kSuccess;
}

/// Asks for the task's blobs that are not attested. @return true if all of them are
StoreResult<bool> want_blobs(Journal& state, const TaskSpec& spec) {
    ElectionJournal records(state, ElectionKind::kPole);
    bool all = true;
    for (const Hash& root : roots_of(spec)) {
        POLIS_TRY(const bool available, blob_available(state, root));
        if (!available) {
            all = false;
            pole::want_blob(records, root);
        }
    }
    POLIS_TRY_VOID(records.finish());
    return all;
}

StoreResult<bool> may_train(TxnContext& context) {
    POLIS_TRY(const auto record, staking::validator(context.state, context.sender));
    return record && !record->jailed && record->pool.tokens >= context.params.stake_min;
}

}  // namespace

bool is_event(const Event& event) { return event.name.starts_with("tasks."); }

StoreResult<Amount> drop(Journal& state, const Hash& id, Task task, TaskState end, Height height) {
    ElectionJournal records(state, ElectionKind::kPole);
    for (const Hash& root : roots_of(task.spec)) {
        pole::release_blob(records, root);
    }
    POLIS_TRY_VOID(records.finish());
    const Amount refunded = std::exchange(task.escrow, Amount{});
    POLIS_TRY(const TxnStatus credited, bank::credit(state, task.owner, refunded));
    POLIS_ASSERT(credited == TxnStatus::kSuccess);  // within the supply
    task.state = end;
    task.closed = height;
    POLIS_TRY_VOID(leave_waiting(state, id));
    POLIS_TRY_VOID(shelve(state, Shelf::kDropped, id, task));
    return refunded;
}

ModuleResult apply(TxnContext& context, const SubmitTask& request) {
    if (!has_tasks(context)) {
        return TxnStatus::kNoTasks;
    }
    const Hash id = task_id(context.sender, request.spec.tag);
    POLIS_TRY(const auto existing, load_task(context.state, id));
    if (existing) {
        return TxnStatus::kTaskExists;
    }
    const auto escrow = checked_add(request.spec.reward, request.spec.bond);
    POLIS_ASSERT(escrow.has_value());
    POLIS_TRY(const TxnStatus taken, bank::debit(context.state, context.sender, *escrow));
    if (taken != TxnStatus::kSuccess) {
        return taken;
    }
    POLIS_TRY(const TxnStatus room, make_room(context, request.spec.reward));
    if (room != TxnStatus::kSuccess) {
        return room;
    }
    Task task;
    task.owner = context.sender;
    task.spec = request.spec;
    task.escrow = *escrow;
    task.submitted = context.height;
    task.submitted_at = context.time;
    POLIS_TRY(const bool available, want_blobs(context.state, request.spec));
    if (available) {
        task.available = context.height;
    }
    POLIS_TRY_VOID(save_task(context.state, id, task));
    POLIS_TRY_VOID(enter_waiting(context.state, id));
    context.emit(
        "tasks.submitted", Submitted{id, task.owner, request.spec.reward, request.spec.bond});
    if (available) {
        context.emit("tasks.available", Available{id});
    }
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const CommitModel& request) {
    if (!has_tasks(context)) {
        return TxnStatus::kNoTasks;
    }
    POLIS_TRY(auto task, load_task(context.state, request.task));
    if (!task) {
        return TxnStatus::kUnknownTask;
    }
    POLIS_TRY(const bool allowed, may_train(context));
    if (!allowed) {
        return TxnStatus::kNotContender;
    }
    ElectionJournal records(context.state, ElectionKind::kPole);
    const auto committed = pole::commit(
        records,
        {.task = request.task, .trainer = context.sender, .commitment = request.commitment},
        moment_of(context));
    POLIS_TRY_VOID(records.finish());
    if (!committed) {
        return status_of(committed.error());
    }
    const Amount bond = task->spec.trainer_bond;
    POLIS_TRY(const TxnStatus taken, bank::debit(context.state, context.sender, bond));
    if (taken != TxnStatus::kSuccess) {
        return taken;
    }
    task->escrow.value += bond.value;  // within the supply
    POLIS_TRY_VOID(save_task(context.state, request.task, *task));
    context.emit("tasks.committed", Committed{task->round, request.task, context.sender});
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const RevealModel& request) {
    if (!has_tasks(context)) {
        return TxnStatus::kNoTasks;
    }
    POLIS_TRY(const bool available, blob_available(context.state, request.model));
    ElectionJournal records(context.state, ElectionKind::kPole);
    const pole::RevealRequest reveal{
        .task = request.task,
        .trainer = context.sender,
        .model = request.model,
        .salt = request.salt,
        .available = available};
    const auto revealed = pole::reveal(records, reveal, moment_of(context));
    const auto round = pole::load_round(records);
    POLIS_TRY_VOID(records.finish());
    if (!revealed) {
        return status_of(revealed.error());
    }
    context.emit(
        "tasks.revealed", Revealed{round->number, request.task, context.sender, request.model});
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const RevealTestKey& request) {
    if (!has_tasks(context)) {
        return TxnStatus::kNoTasks;
    }
    POLIS_TRY(const auto task, load_task(context.state, request.task));
    if (!task) {
        return TxnStatus::kUnknownTask;
    }
    // Whoever has the key may reveal it: its owner leaves it with a node that stays up.
    ElectionJournal records(context.state, ElectionKind::kPole);
    const auto revealed = pole::reveal_key(records, request.task, request.key, moment_of(context));
    POLIS_TRY_VOID(records.finish());
    if (!revealed) {
        return status_of(revealed.error());
    }
    context.emit("tasks.key_revealed", KeyRevealed{task->round, request.task});
    return TxnStatus::kSuccess;
}

ModuleResult apply(TxnContext& context, const CancelTask& request) {
    if (!has_tasks(context)) {
        return TxnStatus::kNoTasks;
    }
    POLIS_TRY(auto task, load_task(context.state, request.task));
    if (!task) {
        return TxnStatus::kUnknownTask;
    }
    if (task->owner != context.sender) {
        return TxnStatus::kNotTaskOwner;
    }
    if (task->state != TaskState::kWaiting) {
        return TxnStatus::kTaskNotWaiting;
    }
    POLIS_TRY(
        const Amount refunded,
        drop(context.state, request.task, *std::move(task), TaskState::kCancelled, context.height));
    context.emit("tasks.cancelled", Dropped{request.task, context.sender, refunded});
    return TxnStatus::kSuccess;
}

}  // namespace polis::ledger::tasks
