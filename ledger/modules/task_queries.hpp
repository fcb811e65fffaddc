#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <consensus/pole/records.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_evaluation.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/state/view.hpp>

/// What others ask the state about tasks: RPC, trainers, members that work facts out. Read only; a
/// state of a chain without tasks answers with nothing. Every function may meet a broken store.
namespace polis::ledger::tasks {

/// A task with its name.
struct NamedTask {
    Hash id;
    Task task;

    bool operator==(const NamedTask&) const = default;
};

/// The open round, its task, and everybody's part in it in the order of commitment.
struct OpenRound {
    consensus::pole::Round round;
    Task task;
    std::vector<consensus::pole::Entry> entries;

    bool operator==(const OpenRound&) const = default;
};

[[nodiscard]] StoreResult<std::optional<OpenRound>> open_round(StateView& state);

/// How many tasks the chain remembers.
[[nodiscard]] StoreResult<std::size_t> task_count(StateView& state);

/// Tasks from place `first` on, at most `count`: the open one, waiting ones by id, settled ones,
/// dropped ones; closed ones newest first. O(first + count)
[[nodiscard]] StoreResult<std::vector<NamedTask>> list_tasks(
    StateView& state, std::size_t first, std::size_t count);

/// The last settled rounds, newest first, at most `count` of the kTasksClosedMax remembered.
[[nodiscard]] StoreResult<std::vector<RoundResult>> last_results(
    StateView& state, std::size_t count);

/// A blob that members should fetch, keep and attest.
struct BlobWanted {
    Hash root;
    std::uint64_t bytes_max = 0;  ///< a larger one is of no use to anybody

    bool operator==(const BlobWanted&) const = default;
};

/// The facts that the chain waits for.
struct Wanted {
    std::vector<BlobWanted> blobs;    ///< sorted by root, each once
    std::vector<ScoreWanted> scores;  ///< in the order of commitment; then those of contracts

    bool operator==(const Wanted&) const = default;
};

[[nodiscard]] StoreResult<Wanted> wanted(StateView& state);

/// What is needed to work out an entry's score. @pre the entry's model is revealed
[[nodiscard]] ScoreWanted score_wanted(
    const consensus::pole::Round& round, const TaskSpec& spec, const consensus::pole::Entry& entry);

/// Blobs that a waiting or open task or a revealed model of the open round refers to, sorted, each
/// once: nobody may collect them.
[[nodiscard]] StoreResult<std::vector<Hash>> blobs_in_use(StateView& state);

/// Whose model an entry shows again: a trainer who ranks higher and revealed the very same blob.
[[nodiscard]] std::optional<Address> copied_from(
    const RoundResult& result, const EntryResult& entry);

/// What is needed to work out a score of a settled round again.
/// @return nothing if the entry was not evaluated, or its task is forgotten
[[nodiscard]] StoreResult<std::optional<ScoreWanted>> score_of(
    StateView& state, const RoundResult& result, const EntryResult& entry);

}  // namespace polis::ledger::tasks
