#include <ledger/modules/task_records.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::tasks {

namespace {

/// Second byte of the keys of kind kTaskIndex.
enum class Index : std::uint8_t {
    kWaiting = 0,
    kShelved = 1,  ///< | shelf: how many
    kShelf = 2,    ///< | shelf | place: task id
    kResult = 3,   ///< | round
};

StateKey task_key(const Hash& id) { return StateKey(RecordKind::kTask, {id.view()}); }

template <class... Parts>
StateKey index_key(Index index, const Parts&... parts) {
    const std::array<std::uint8_t, 1> tag{static_cast<std::uint8_t>(index)};
    return StateKey(RecordKind::kTaskIndex, {ByteView{tag}, ByteView{parts}...});
}

std::array<std::uint8_t, 1> byte_of(Shelf shelf) { return {static_cast<std::uint8_t>(shelf)}; }

StateKey shelf_key(Shelf shelf, std::uint64_t number) {
    return index_key(Index::kShelf, byte_of(shelf), big_endian(number % kTasksClosedMax));
}

StateKey result_key(std::uint64_t round) { return index_key(Index::kResult, big_endian(round)); }

struct IdList {
    std::vector<Hash> ids;
    static constexpr auto kFields = codec::fields(codec::bounded(&IdList::ids, kTasksWaitingMax));
};

StoreResult<void> save_waiting(Journal& state, std::vector<Hash> ids) {
    const StateKey key = index_key(Index::kWaiting);
    return ids.empty() ? state.remove(key) : save_record(state, key, IdList{std::move(ids)});
}

/// Forgets a closed task and its result.
StoreResult<void> forget(Journal& state, const Hash& id) {
    POLIS_TRY(const auto task, load_task(state, id));
    if (task && task->round != 0) {
        POLIS_TRY_VOID(state.remove(result_key(task->round)));
    }
    return state.remove(task_key(id));
}

}  // namespace

std::string_view to_string(TaskState state) {
    switch (state) {
        case TaskState::kWaiting:
            return "waiting";
        case TaskState::kOpen:
            return "open";
        case TaskState::kSettled:
            return "settled";
        case TaskState::kCancelled:
            return "cancelled";
        case TaskState::kExpired:
            return "expired";
        case TaskState::kDisplaced:
            return "displaced";
    }
    return "unknown";
}

std::string_view to_string(EntryEnd end) {
    switch (end) {
        case EntryEnd::kWon:
            return "won";
        case EntryEnd::kRunnerUp:
            return "runner-up";
        case EntryEnd::kBelowTarget:
            return "below target";
        case EntryEnd::kBadModel:
            return "bad model";
        case EntryEnd::kBadData:
            return "bad data";
        case EntryEnd::kUnscored:
            return "unscored";
        case EntryEnd::kUnavailable:
            return "unavailable";
        case EntryEnd::kSilent:
            return "silent";
    }
    return "unknown";
}

Hash task_id(const Address& owner, ByteView tag) {
    return crypto::Blake2b256(crypto::kDomainTask).update(owner.view()).update(tag).finish();
}

StoreResult<std::optional<Task>> load_task(StateView& state, const Hash& id) {
    return load_record<Task>(state, task_key(id));
}

StoreResult<void> save_task(Journal& state, const Hash& id, const Task& task) {
    return save_record(state, task_key(id), task);
}

StoreResult<std::vector<Hash>> waiting(StateView& state) {
    POLIS_TRY(auto list, load_record<IdList>(state, index_key(Index::kWaiting)));
    return list ? std::move(list->ids) : std::vector<Hash>{};
}

StoreResult<void> enter_waiting(Journal& state, const Hash& id) {
    POLIS_TRY(std::vector<Hash> ids, waiting(state));
    POLIS_ASSERT_OP(ids.size(), <, kTasksWaitingMax);
    ids.insert(std::ranges::lower_bound(ids, id), id);
    return save_waiting(state, std::move(ids));
}

StoreResult<void> leave_waiting(Journal& state, const Hash& id) {
    POLIS_TRY(std::vector<Hash> ids, waiting(state));
    std::erase(ids, id);
    return save_waiting(state, std::move(ids));
}

StoreResult<std::optional<RoundResult>> load_result(StateView& state, std::uint64_t round) {
    return load_record<RoundResult>(state, result_key(round));
}

StoreResult<void> save_result(Journal& state, const RoundResult& result) {
    return save_record(state, result_key(result.round), result);
}

StoreResult<std::uint64_t> shelved(StateView& state, Shelf shelf) {
    POLIS_TRY(
        const auto count,
        load_record<std::uint64_t>(state, index_key(Index::kShelved, byte_of(shelf))));
    return count.value_or(0);
}

StoreResult<std::optional<Hash>> on_shelf(StateView& state, Shelf shelf, std::uint64_t number) {
    POLIS_TRY(const std::uint64_t count, shelved(state, shelf));
    if (number >= count || count - number > kTasksClosedMax) {
        return std::optional<Hash>{};
    }
    return load_record<Hash>(state, shelf_key(shelf, number));
}

StoreResult<void> shelve(Journal& state, Shelf shelf, const Hash& id, const Task& task) {
    POLIS_ASSERT(task.escrow == Amount{});
    POLIS_TRY(const std::uint64_t number, shelved(state, shelf));
    POLIS_TRY(const auto oldest, load_record<Hash>(state, shelf_key(shelf, number)));
    if (oldest) {
        POLIS_TRY_VOID(forget(state, *oldest));
    }
    POLIS_TRY_VOID(save_record(state, shelf_key(shelf, number), id));
    POLIS_TRY_VOID(save_record(state, index_key(Index::kShelved, byte_of(shelf)), number + 1));
    return save_task(state, id, task);
}

}  // namespace polis::ledger::tasks
