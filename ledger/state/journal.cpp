#include <ledger/state/journal.hpp>

#include <algorithm>
#include <utility>

#include <core/check.hpp>
#include <core/integer.hpp>

namespace polis::ledger {

namespace {

constexpr std::size_t kSlotsMin = 64;

}  // namespace

Journal::Journal(StateView& base, const Hash& salt)
    : base_(base),
      salt_{
          from_big_endian<std::uint64_t>(salt.view()),
          from_big_endian<std::uint64_t>(salt.view().subspan(8))},
      slots_(kSlotsMin, kEmptySlot) {}

StoreResult<std::optional<SmallBytes>> Journal::get(const StateKey& key) {
    POLIS_TRY(const auto* value, peek(key));
    return *value;
}

StoreResult<const std::optional<SmallBytes>*> Journal::peek(const StateKey& key) {
    POLIS_TRY(const std::uint32_t index, entry_of(key));
    return &entries_[index].current;
}

StoreResult<void> Journal::put(const StateKey& key, ByteView value) {
    POLIS_ASSERT_OP(value.size(), <=, kStateValueBytesMax);
    return write(key, SmallBytes(value));
}

StoreResult<void> Journal::remove(const StateKey& key) { return write(key, std::nullopt); }

StoreResult<void> Journal::write(const StateKey& key, std::optional<SmallBytes> value) {
    POLIS_TRY(const std::uint32_t index, entry_of(key));
    undo_.push_back({index, std::exchange(entries_[index].current, std::move(value))});
    return {};
}

void Journal::rollback(Checkpoint checkpoint) {
    POLIS_ASSERT_OP(checkpoint, <=, undo_.size());
    while (undo_.size() > checkpoint) {
        entries_[undo_.back().entry].current = std::move(undo_.back().previous);
        undo_.pop_back();
    }
}

StateChanges Journal::changes() const {
    StateChanges out;
    for (const std::uint32_t index : changed_entries()) {
        out.push_back({entries_[index].key, entries_[index].current});
    }
    return out;
}

StateChanges Journal::take_changes() && {
    StateChanges out;
    for (const std::uint32_t index : changed_entries()) {
        out.push_back({entries_[index].key, std::move(entries_[index].current)});
    }
    return out;
}

/// Entries that differ from the view, by path. Only small items are moved about while sorting.
std::vector<std::uint32_t> Journal::changed_entries() const {
    struct Item {
        std::uint64_t path_head;
        std::uint32_t entry;
    };

    std::vector<Item> items;
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        const Entry& entry = entries_[index];
        if (entry.current != entry.original) {
            items.push_back({from_big_endian<std::uint64_t>(entry.key.path().view()), index});
        }
    }
    std::ranges::sort(items, [this](const Item& left, const Item& right) {
        return left.path_head != right.path_head
                   ? left.path_head < right.path_head
                   : entries_[left.entry].key.path() < entries_[right.entry].key.path();
    });
    std::vector<std::uint32_t> out;
    out.reserve(items.size());
    for (const Item& item : items) {
        out.push_back(item.entry);
    }
    return out;
}

StoreResult<std::uint32_t> Journal::entry_of(const StateKey& key) {
    const std::size_t slot = slot_of(key.path());
    if (slots_[slot] != kEmptySlot) {
        return slots_[slot];
    }
    POLIS_TRY(auto value, base_.get(key));
    const auto index = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({key, value, std::move(value)});
    slots_[slot] = index;
    if (entries_.size() * 2 > slots_.size()) {
        grow();
    }
    return index;
}

/// The slot that holds `path`, or the empty one where it belongs.
/// A product of two salted words: who does not know the salt cannot choose paths that share a slot.
std::size_t Journal::slot_of(const Hash& path) const {
    const auto high = from_big_endian<std::uint64_t>(path.view());
    const auto low = from_big_endian<std::uint64_t>(path.view().subspan(8));
    const u128 mixed = wide_mul(high + salt_[0], low + salt_[1]);
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = static_cast<std::size_t>(mixed >> 64) & mask;
    while (slots_[slot] != kEmptySlot && entries_[slots_[slot]].key.path() != path) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void Journal::grow() {
    slots_.assign(slots_.size() * 2, kEmptySlot);
    for (std::uint32_t index = 0; index < entries_.size(); ++index) {
        slots_[slot_of(entries_[index].key.path())] = index;
    }
}

}  // namespace polis::ledger
