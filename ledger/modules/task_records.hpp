#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <consensus/pole/limits.hpp>
#include <consensus/pole/records.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>
#include <ledger/task_spec.hpp>

/// Records of the tasks module. The open round with its entries is the election's:
/// consensus/pole/records.hpp. Formats: docs/formats/tasks.md.
namespace polis::ledger::tasks {

/// Where a task stands. Append only.
enum class TaskState : std::uint8_t {
    kWaiting = 0,    ///< for its blobs, and for its turn
    kOpen = 1,       ///< its round is open
    kSettled = 2,    ///< its round is over
    kCancelled = 3,  ///< by its owner
    kExpired = 4,    ///< no round opened in time
    kDisplaced = 5,  ///< by a better paid one, while the list was full
};

std::string_view to_string(TaskState state);

struct Task {
    Address owner;
    TaskSpec spec;
    TaskState state = TaskState::kWaiting;
    Amount escrow;  ///< all coins held for it: reward, owner's bond and trainers' bonds
    Height submitted;
    TimeMs submitted_at;
    std::optional<Height> available;  ///< since this block its blobs are attested
    std::uint64_t round = 0;          ///< its round; 0 before one opens
    Height closed;                    ///< 0 while it is waiting or open

    bool operator==(const Task&) const = default;
    static constexpr auto kFields = codec::fields(
        &Task::owner,
        &Task::spec,
        &Task::state,
        &Task::escrow,
        &Task::submitted,
        &Task::submitted_at,
        &Task::available,
        &Task::round,
        &Task::closed);
};

/// What became of an entry. Append only.
enum class EntryEnd : std::uint8_t {
    kWon = 0,
    kRunnerUp = 1,     ///< reached the target
    kBelowTarget = 2,  ///< has a score
    kBadModel = 3,     ///< was evaluated as no model for this task
    kBadData = 4,      ///< no samples to evaluate it on
    kUnscored = 5,     ///< the members did not finish
    kUnavailable = 6,  ///< revealed, but the blob could not be had: the bond is lost
    kSilent = 7,       ///< not revealed: the bond is lost
};

std::string_view to_string(EntryEnd end);

struct EntryResult {
    Address trainer;
    std::optional<Hash> model;
    EntryEnd end = EntryEnd::kSilent;
    std::optional<consensus::pole::ScoreResult> score;
    Amount paid;  ///< bond, part of the reward and part of the owner's bond together

    bool operator==(const EntryResult&) const = default;
    static constexpr auto kFields = codec::fields(
        &EntryResult::trainer,
        &EntryResult::model,
        &EntryResult::end,
        &EntryResult::score,
        &EntryResult::paid);
};

/// A settled round: its leaderboard.
struct RoundResult {
    std::uint64_t round = 0;
    Hash task;
    Hash beacon;  ///< of the opening block
    Height opened;
    Height settled;
    TimeMs settled_at;
    Hash data;                         ///< root of the blob that decided
    std::optional<Hash> test_key;      ///< if it is the test blob
    bool owner_failed = false;         ///< the owner's bond went to the trainers
    std::vector<EntryResult> entries;  ///< those with a score first, best first

    bool operator==(const RoundResult&) const = default;
    static constexpr auto kFields = codec::fields(
        &RoundResult::round,
        &RoundResult::task,
        &RoundResult::beacon,
        &RoundResult::opened,
        &RoundResult::settled,
        &RoundResult::settled_at,
        &RoundResult::data,
        &RoundResult::test_key,
        &RoundResult::owner_failed,
        codec::bounded(&RoundResult::entries, consensus::pole::kEntriesMax));
};

/// BLAKE2b-256, tag `polis.task.id`, of owner and tag: whoever submits twice finds the first one.
[[nodiscard]] Hash task_id(const Address& owner, ByteView tag);

[[nodiscard]] StoreResult<std::optional<Task>> load_task(StateView& state, const Hash& id);
[[nodiscard]] StoreResult<void> save_task(Journal& state, const Hash& id, const Task& task);

/// Ids of the waiting tasks, sorted.
[[nodiscard]] StoreResult<std::vector<Hash>> waiting(StateView& state);
[[nodiscard]] StoreResult<void> enter_waiting(Journal& state, const Hash& id);
[[nodiscard]] StoreResult<void> leave_waiting(Journal& state, const Hash& id);

/// @return nothing for a round that is open, unknown or forgotten
[[nodiscard]] StoreResult<std::optional<RoundResult>> load_result(
    StateView& state, std::uint64_t round);
[[nodiscard]] StoreResult<void> save_result(Journal& state, const RoundResult& result);

/// Which closed tasks are remembered, by how they ended: kTasksClosedMax of each.
enum class Shelf : std::uint8_t {
    kSettled = 0,
    kDropped = 1,  ///< no round ever opened
};

/// How many tasks were ever put there.
[[nodiscard]] StoreResult<std::uint64_t> shelved(StateView& state, Shelf shelf);

/// The task put there as number `number`, from 0. Nothing if it is forgotten or yet to come.
[[nodiscard]] StoreResult<std::optional<Hash>> on_shelf(
    StateView& state, Shelf shelf, std::uint64_t number);

/// Stores a closed task, in place of the oldest one when the shelf is full.
/// @pre the task holds no coins
[[nodiscard]] StoreResult<void> shelve(
    Journal& state, Shelf shelf, const Hash& id, const Task& task);

}  // namespace polis::ledger::tasks

template <>
inline constexpr auto polis::codec::kEnumLast<polis::ledger::tasks::TaskState> =
    polis::ledger::tasks::TaskState::kDisplaced;
template <>
inline constexpr auto polis::codec::kEnumLast<polis::ledger::tasks::EntryEnd> =
    polis::ledger::tasks::EntryEnd::kSilent;
