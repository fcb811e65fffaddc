#include <ledger/modules/task_queries.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include <consensus/facts/fact.hpp>
#include <consensus/pole/round.hpp>
#include <core/check.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/evaluations.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ml/exact/limits.hpp>

namespace polis::ledger::tasks {

namespace {

namespace pole = consensus::pole;

/// Largest useful size by root.
using Blobs = std::map<Hash, std::uint64_t>;

void add(Blobs& blobs, const Hash& root, std::uint64_t bytes_max) {
    std::uint64_t& known = blobs[root];
    known = std::max(known, bytes_max);
}

void add(Blobs& blobs, const TaskSpec& spec) {
    add(blobs, spec.training, exact::kDatasetBytesMax);
    add(blobs, spec.test, sealed_bytes(exact::kDatasetBytesMax));
    add(blobs, spec.validation, exact::kDatasetBytesMax);
}

/// All blobs of waiting tasks and of the open round.
StoreResult<Blobs> blobs_of(StateView& state, const std::optional<OpenRound>& open) {
    Blobs out;
    POLIS_TRY(const auto ids, waiting(state));
    for (const Hash& id : ids) {
        POLIS_TRY(const auto task, load_task(state, id));
        if (task) {
            add(out, task->spec);
        }
    }
    if (open) {
        add(out, open->task.spec);
        for (const pole::Entry& entry : open->entries) {
            if (entry.model) {
                add(out, *entry.model, open->task.spec.model_bytes_max);
            }
        }
    }
    return out;
}

ModelLimits limits_of(const TaskSpec& spec) {
    return {
        .input = spec.input,
        .classes = spec.classes,
        .model_bytes_max = spec.model_bytes_max,
        .multiply_adds_max = spec.multiply_adds_max};
}

/// Collects a page of a longer list.
class Page {
  public:
    Page(std::size_t first, std::size_t count) : skip_(first), count_(count) {}

    [[nodiscard]] bool full() const { return tasks_.size() >= count_; }

    /// @error what the state answers
    StoreResult<void> add(StateView& state, const Hash& id) {
        if (skip_ > 0) {
            --skip_;
            return {};
        }
        POLIS_TRY(auto task, load_task(state, id));
        if (task && !full()) {
            tasks_.push_back({id, *std::move(task)});
        }
        return {};
    }

    [[nodiscard]] std::vector<NamedTask> take() && { return std::move(tasks_); }

  private:
    std::size_t skip_;
    const std::size_t count_;
    std::vector<NamedTask> tasks_;
};

std::uint64_t remembered(std::uint64_t count) { return std::min(count, kTasksClosedMax); }

StoreResult<void> add_shelf(Page& page, StateView& state, Shelf shelf) {
    POLIS_TRY(const std::uint64_t count, shelved(state, shelf));
    for (std::uint64_t i = 1; i <= remembered(count) && !page.full(); ++i) {
        POLIS_TRY(const auto id, on_shelf(state, shelf, count - i));
        if (id) {
            POLIS_TRY_VOID(page.add(state, *id));
        }
    }
    return {};
}

}  // namespace

std::optional<Address> copied_from(const RoundResult& result, const EntryResult& entry) {
    if (!entry.model) {
        return std::nullopt;
    }
    const auto first = std::ranges::find(result.entries, entry.model, &EntryResult::model);
    const bool copy = first != result.entries.end() && first->trainer != entry.trainer;
    return copy ? std::optional{first->trainer} : std::nullopt;
}

ScoreWanted score_wanted(const pole::Round& round, const TaskSpec& spec, const pole::Entry& entry) {
    ScoreWanted out;
    out.round = round.number;
    out.task = round.task;
    out.trainer = entry.trainer;
    out.seed = pole::seed_of(round.beacon, round.task, entry.trainer);
    out.model = *entry.model;
    out.data = pole::data_root(round);
    out.key = pole::decided_by_test(round) ? round.test_key : std::nullopt;
    out.limits = limits_of(spec);
    out.subject = pole::score_subject(
        {.round = out.round, .trainer = out.trainer, .model = out.model, .data = out.data});
    return out;
}

StoreResult<std::optional<OpenRound>> open_round(StateView& state) {
    Journal scratch(state);
    ElectionJournal records(scratch, ElectionKind::kPole);
    auto round = pole::load_round(records);
    POLIS_TRY_VOID(records.finish());
    if (!round) {
        return std::optional<OpenRound>{};
    }
    POLIS_TRY(auto task, load_task(scratch, round->task));
    if (!task) {
        return std::unexpected(StoreError{StoreErrc::kCorrupt, "a round without its task"});
    }
    auto entries = pole::load_entries(records);
    POLIS_TRY_VOID(records.finish());
    return std::optional{OpenRound{*std::move(round), *std::move(task), std::move(entries)}};
}

StoreResult<std::size_t> task_count(StateView& state) {
    POLIS_TRY(const auto open, open_round(state));
    POLIS_TRY(const auto ids, waiting(state));
    POLIS_TRY(const std::uint64_t settled, shelved(state, Shelf::kSettled));
    POLIS_TRY(const std::uint64_t dropped, shelved(state, Shelf::kDropped));
    return (open ? 1U : 0U) + ids.size() + remembered(settled) + remembered(dropped);
}

StoreResult<std::vector<NamedTask>> list_tasks(
    StateView& state, std::size_t first, std::size_t count) {
    Page page(first, count);
    POLIS_TRY(const auto open, open_round(state));
    if (open) {
        POLIS_TRY_VOID(page.add(state, open->round.task));
    }
    POLIS_TRY(const auto ids, waiting(state));
    for (const Hash& id : ids) {
        POLIS_TRY_VOID(page.add(state, id));
    }
    POLIS_TRY_VOID(add_shelf(page, state, Shelf::kSettled));
    POLIS_TRY_VOID(add_shelf(page, state, Shelf::kDropped));
    return std::move(page).take();
}

StoreResult<std::vector<RoundResult>> last_results(StateView& state, std::size_t count) {
    POLIS_TRY(const std::uint64_t settled, shelved(state, Shelf::kSettled));
    std::vector<RoundResult> out;
    for (std::uint64_t i = 1; i <= remembered(settled) && out.size() < count; ++i) {
        POLIS_TRY(const auto id, on_shelf(state, Shelf::kSettled, settled - i));
        if (!id) {
            continue;
        }
        POLIS_TRY(const auto task, load_task(state, *id));
        if (!task) {
            continue;
        }
        POLIS_TRY(auto result, load_result(state, task->round));
        if (result) {
            out.push_back(*std::move(result));
        }
    }
    return out;
}

StoreResult<Wanted> wanted(StateView& state) {
    Wanted out;
    POLIS_TRY(const auto open, open_round(state));
    POLIS_TRY(const Blobs blobs, blobs_of(state, open));
    Journal scratch(state);
    ElectionJournal records(scratch, ElectionKind::kPole);
    for (const auto& [root, bytes_max] : blobs) {
        if (pole::blob_wanted(records, root)) {
            out.blobs.push_back({root, bytes_max});
        }
    }
    if (open && open->round.phase == pole::Phase::kScoring) {
        for (const pole::Entry& entry : open->entries) {
            if (pole::kept_word(entry) && !entry.score) {
                out.scores.push_back(score_wanted(open->round, open->task.spec, entry));
            }
        }
    }
    POLIS_TRY_VOID(records.finish());
    POLIS_TRY(auto evaluations, evaluations::wanted(state));
    std::ranges::move(evaluations, std::back_inserter(out.scores));
    return out;
}

StoreResult<std::vector<Hash>> blobs_in_use(StateView& state) {
    POLIS_TRY(const auto open, open_round(state));
    POLIS_TRY(const Blobs blobs, blobs_of(state, open));
    std::vector<Hash> out;
    for (const auto& [root, bytes_max] : blobs) {
        out.push_back(root);
    }
    POLIS_TRY(const auto evaluations, evaluations::wanted(state));
    for (const ScoreWanted& evaluation : evaluations) {
        out.push_back(evaluation.model);
        out.push_back(evaluation.data);
    }
    return out;
}

StoreResult<std::optional<ScoreWanted>> score_of(
    StateView& state, const RoundResult& result, const EntryResult& entry) {
    POLIS_TRY(const auto task, load_task(state, result.task));
    if (!task || !entry.model || !entry.score) {
        return std::optional<ScoreWanted>{};
    }
    ScoreWanted out;
    out.round = result.round;
    out.task = result.task;
    out.trainer = entry.trainer;
    out.seed = pole::seed_of(result.beacon, result.task, entry.trainer);
    out.model = *entry.model;
    out.data = result.data;
    out.key = result.test_key;
    out.limits = limits_of(task->spec);
    out.subject = pole::score_subject(
        {.round = out.round, .trainer = out.trainer, .model = out.model, .data = out.data});
    return std::optional{std::move(out)};
}

}  // namespace polis::ledger::tasks
