#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <consensus/facts/fact.hpp>
#include <consensus/pole/round.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/tasks.hpp>

/// What blocks do for tasks and rounds beside their transactions.
namespace polis::ledger::tasks {

namespace {

namespace pole = consensus::pole;
using consensus::BlockView;
using consensus::Fact;
using consensus::FactKind;

template <class Data>
void emit(std::vector<Event>& events, std::string name, const Data& data) {
    events.push_back({std::move(name), codec::encode(data)});
}

struct Waiting {
    Hash id;
    Task task;
};

StoreResult<bool> all_available(StateView& state, const TaskSpec& spec) {
    for (const Hash& root : {spec.training, spec.test, spec.validation}) {
        POLIS_TRY(const auto fact, facts::load_fact(state, FactKind::kBlobAvailable, root));
        if (!fact) {
            return false;
        }
    }
    return true;
}

/// The place of the task that the beacon chooses, each with the weight of its reward.
/// @pre at least one task, no reward is zero
std::size_t choose(const std::vector<const Waiting*>& tasks, const Hash& beacon) {
    constexpr std::size_t kDrawBytes = 16;
    const Hash draw = crypto::blake2b_256(crypto::kDomainTaskPick, beacon.view());
    u128 total = 0;
    for (const Waiting* item : tasks) {
        total += item->task.spec.reward.value;
    }
    // Below 2^64 by far less than a draw of 2^128, so no task gains from the division.
    u128 left = from_big_endian<u128>(draw.view().first(kDrawBytes)) % total;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const std::uint64_t weight = tasks[i]->task.spec.reward.value;
        if (left < weight) {
            return i;
        }
        left -= weight;
    }
    return tasks.size() - 1;
}

EntryEnd end_of(const pole::Entry& entry) {
    if (!entry.model) {
        return EntryEnd::kSilent;
    }
    if (!entry.available) {
        return EntryEnd::kUnavailable;
    }
    if (!entry.score) {
        return EntryEnd::kUnscored;
    }
    return entry.score->verdict == pole::Verdict::kBadData ? EntryEnd::kBadData
                                                           : EntryEnd::kBadModel;
}

EntryResult result_of(const pole::Entry& entry, EntryEnd end) {
    return {
        .trainer = entry.trainer,
        .model = entry.model,
        .end = end,
        .score = entry.score,
        .paid = {}};
}

/// The result without its payments.
RoundResult ranked_of(const pole::Settlement& settlement, const BlockView& block) {
    const pole::Round& round = settlement.round;
    RoundResult out;
    out.round = round.number;
    out.task = round.task;
    out.beacon = round.beacon;
    out.opened = round.opened;
    out.settled = block.height;
    out.settled_at = block.time;
    out.data = pole::data_root(round);
    out.test_key = pole::decided_by_test(round) ? round.test_key : std::nullopt;
    out.owner_failed = settlement.owner_failed;
    for (std::size_t i = 0; i < settlement.ranked.size(); ++i) {
        EntryEnd end = EntryEnd::kBelowTarget;
        if (i < settlement.winners) {
            end = i == 0 ? EntryEnd::kWon : EntryEnd::kRunnerUp;
        }
        out.entries.push_back(result_of(settlement.ranked[i], end));
    }
    for (const pole::Entry& entry : settlement.others) {
        out.entries.push_back(result_of(entry, end_of(entry)));
    }
    return out;
}

bool kept_word(const EntryResult& entry) {
    return entry.end != EntryEnd::kSilent && entry.end != EntryEnd::kUnavailable;
}

/// What the runners-up get of the reward, each; what does not divide stays with the winner.
Amount runner_up_share(const TaskSpec& spec, std::size_t runners_up) {
    if (runners_up == 0) {
        return {};
    }
    const auto pool = mul_div_floor(spec.reward.value, spec.runner_up_bps, kBasisPoints);
    POLIS_ASSERT(pool.has_value());
    return Amount{*pool / runners_up};
}

/// Decides who gets what of a task's escrow: bonds back to whoever kept its word, the owner's bond
/// among them if the owner failed, the reward to the winners. Spec [G15] to [G17].
void share_out(RoundResult& result, const TaskSpec& spec, std::size_t winners) {
    std::vector<EntryResult*> honest;
    for (EntryResult& entry : result.entries) {
        if (kept_word(entry)) {
            entry.paid = spec.trainer_bond;
            honest.push_back(&entry);
        }
    }
    if (result.owner_failed) {
        const std::uint64_t each = spec.bond.value / honest.size();
        const std::uint64_t more = spec.bond.value % honest.size();  // one more for the first ones
        for (std::size_t i = 0; i < honest.size(); ++i) {
            honest[i]->paid.value += each + (i < more ? 1 : 0);
        }
    }
    if (winners == 0) {
        return;
    }
    const Amount share = runner_up_share(spec, winners - 1);
    result.entries[0].paid.value += spec.reward.value - share.value * (winners - 1);
    for (std::size_t i = 1; i < winners; ++i) {
        result.entries[i].paid.value += share.value;
    }
}

class BlockEnd {
  public:
    BlockEnd(Journal& state, const BlockView& block, std::vector<Event>& events)
        : state_(state), records_(state, ElectionKind::kPole), block_(block), events_(events) {}

    StoreResult<void> run() {
        report_scores();
        const pole::Step step = pole::advance(records_, block_);
        POLIS_TRY_VOID(records_.finish());
        if (step == pole::Step::kSettle) {
            POLIS_TRY_VOID(settle());
        } else {
            report_phase();
        }
        POLIS_TRY_VOID(look_after_waiting());
        return records_.finish();
    }

  private:
    [[nodiscard]] bool brings(FactKind kind) const {
        return std::ranges::find(block_.facts, kind, &Fact::kind) != block_.facts.end();
    }

    void report_scores() {
        if (!brings(FactKind::kModelScore)) {
            return;
        }
        const auto round = pole::load_round(records_);
        if (!round) {
            return;
        }
        std::map<Hash, pole::Entry> scored;
        for (const pole::Entry& entry : pole::load_entries(records_)) {
            if (entry.model && entry.score) {
                const Hash subject = pole::score_subject(
                    {.round = round->number,
                     .trainer = entry.trainer,
                     .model = *entry.model,
                     .data = pole::data_root(*round)});
                scored.emplace(subject, entry);
            }
        }
        for (const Fact& fact : block_.facts) {
            const auto found = scored.find(fact.subject);
            if (fact.kind == FactKind::kModelScore && found != scored.end()) {
                const pole::Entry& entry = found->second;
                emit(
                    events_,
                    "tasks.scored",
                    Scored{round->number, round->task, entry.trainer, *entry.score});
            }
        }
    }

    /// Tells of a phase that this block began.
    void report_phase() {
        const auto round = pole::load_round(records_);
        if (!round || round->phase_from != block_.height) {
            return;
        }
        if (round->phase == pole::Phase::kRevealing) {
            emit(
                events_,
                "tasks.revealing",
                Revealing{round->number, round->task, round->phase_until});
        } else if (round->phase == pole::Phase::kScoring) {
            emit(
                events_,
                "tasks.scoring",
                Scoring{round->number, round->task, pole::data_root(*round), round->phase_until});
        }
    }

    StoreResult<void> pay(Task& task, const Address& to, Amount amount) {
        if (amount == Amount{}) {
            return {};
        }
        const auto rest = checked_sub(task.escrow, amount);
        POLIS_ASSERT(rest.has_value());
        task.escrow = *rest;
        POLIS_TRY(const TxnStatus credited, bank::credit(state_, to, amount));
        POLIS_ASSERT(credited == TxnStatus::kSuccess);  // within the supply
        return {};
    }

    StoreResult<void> settle() {
        const pole::Settlement settlement = pole::settle(records_, block_);
        POLIS_TRY_VOID(records_.finish());
        const Hash& id = settlement.round.task;
        POLIS_TRY(auto task, load_task(state_, id));
        POLIS_ASSERT(task.has_value());
        const RoundResult result = tasks::result_of(settlement, task->spec, block_);
        for (const EntryResult& entry : result.entries) {
            POLIS_TRY_VOID(pay(*task, entry.trainer, entry.paid));
            if (kept_word(entry)) {
                emit(events_, "tasks.paid", Paid{result.round, id, entry.trainer, entry.paid});
            } else {
                emit(
                    events_,
                    "tasks.slashed",
                    Paid{result.round, id, entry.trainer, task->spec.trainer_bond});
            }
        }
        const Amount returned = task->escrow;
        POLIS_TRY_VOID(pay(*task, task->owner, returned));
        task->state = TaskState::kSettled;
        task->closed = block_.height;
        POLIS_TRY_VOID(save_result(state_, result));
        POLIS_TRY_VOID(shelve(state_, Shelf::kSettled, id, *task));
        const auto winner =
            settlement.winners == 0 ? std::nullopt : std::optional{result.entries[0].trainer};
        emit(
            events_,
            "tasks.settled",
            Settled{result.round, id, winner, result.owner_failed, returned});
        return {};
    }

    StoreResult<void> look_after_waiting() {
        POLIS_TRY(const auto ids, waiting(state_));
        std::vector<Waiting> kept;
        for (const Hash& id : ids) {
            POLIS_TRY(auto task, load_task(state_, id));
            POLIS_ASSERT(task.has_value());
            POLIS_TRY_VOID(see_blobs(id, *task));
            const std::uint64_t until = saturating_add(task->submitted_at.value, kTaskWaitMsMax);
            if (block_.time.value >= until) {
                POLIS_TRY_VOID(expire(id, *std::move(task)));
            } else {
                kept.push_back({id, *std::move(task)});
            }
        }
        return pole::load_round(records_) ? StoreResult<void>{} : open(kept);
    }

    StoreResult<void> see_blobs(const Hash& id, Task& task) {
        if (task.available || !brings(FactKind::kBlobAvailable)) {
            return {};
        }
        POLIS_TRY(const bool available, all_available(state_, task.spec));
        if (!available) {
            return {};
        }
        task.available = block_.height;
        emit(events_, "tasks.available", Available{id});
        return save_task(state_, id, task);
    }

    StoreResult<void> expire(const Hash& id, Task task) {
        const Address owner = task.owner;
        POLIS_TRY(
            const Amount refunded,
            drop(state_, id, std::move(task), TaskState::kExpired, block_.height));
        emit(events_, "tasks.expired", Dropped{id, owner, refunded});
        return {};
    }

    /// Opens a round for one of the waiting tasks that can open, if any. @pre no round is open
    StoreResult<void> open(std::vector<Waiting>& tasks) {
        std::vector<const Waiting*> ready;
        for (const Waiting& item : tasks) {
            if (item.task.available &&
                block_.height.value - item.task.available->value >= kTaskOpenBlocksMin) {
                ready.push_back(&item);
            }
        }
        if (ready.empty()) {
            return {};
        }
        const Waiting& chosen = *ready[choose(ready, block_.beacon)];
        const pole::Round round =
            pole::open_round(records_, chosen.id, rules_of(chosen.task.spec), block_);
        Task task = chosen.task;
        task.state = TaskState::kOpen;
        task.round = round.number;
        POLIS_TRY_VOID(leave_waiting(state_, chosen.id));
        POLIS_TRY_VOID(save_task(state_, chosen.id, task));
        emit(
            events_,
            "tasks.opened",
            Opened{round.number, chosen.id, round.beacon, round.phase_until});
        return {};
    }

    Journal& state_;
    ElectionJournal records_;
    const BlockView& block_;
    std::vector<Event>& events_;
};

}  // namespace

pole::Rules rules_of(const TaskSpec& spec) {
    return {
        .test = spec.test,
        .test_key_hash = spec.test_key_hash,
        .validation = spec.validation,
        .target_ppm = spec.target_ppm,
        .training_ms = spec.training_ms,
        .reveal_ms = spec.reveal_ms,
        .scoring_ms = spec.scoring_ms};
}

RoundResult result_of(
    const pole::Settlement& settlement, const TaskSpec& spec, const BlockView& block) {
    RoundResult out = ranked_of(settlement, block);
    share_out(out, spec, settlement.winners);
    return out;
}

StoreResult<void> end_block(
    Journal& state, const Params& params, const BlockView& block, std::vector<Event>& events) {
    if (params.election != ElectionKind::kPole) {
        return {};
    }
    return BlockEnd(state, block, events).run();
}

}  // namespace polis::ledger::tasks
