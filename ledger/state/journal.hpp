#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/small_bytes.hpp>
#include <ledger/state/key.hpp>
#include <ledger/state/view.hpp>

namespace polis::ledger {

/// Uncommitted changes over a view, with nested checkpoints.
///
/// Reads see the latest write. Nothing reaches the view beneath; `changes()` hands the result over.
/// One thread.
class Journal : public StateView {
  public:
    /// A point to return to. Valid until an earlier checkpoint is rolled back.
    using Checkpoint = std::size_t;

    /// `salt` decides where entries lie in the index, and nothing else. Whoever lets strangers
    /// choose the keys gives one that they could not know: else they grind keys that all collide,
    /// and each look-up walks over all others.
    /// @pre `base` outlives the journal and does not change meanwhile
    explicit Journal(StateView& base, const Hash& salt = {});

    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override;

    /// As get, without a copy; valid until the next call.
    [[nodiscard]] StoreResult<const std::optional<SmallBytes>*> peek(const StateKey& key);

    /// Writes a record; the old value need not be known.
    [[nodiscard]] StoreResult<void> put(const StateKey& key, ByteView value);
    [[nodiscard]] StoreResult<void> remove(const StateKey& key);

    /// Writes the Borsh encoding of `record`.
    template <class Record>
    [[nodiscard]] StoreResult<void> put_record(const StateKey& key, const Record& record) {
        scratch_.clear();
        codec::encode_to(scratch_, record);
        return put(key, scratch_);
    }

    [[nodiscard]] Checkpoint checkpoint() const { return undo_.size(); }

    /// Undoes every write since the checkpoint. @pre the checkpoint is not later than now
    void rollback(Checkpoint checkpoint);

    /// Records whose value differs from the view beneath, sorted by path.
    [[nodiscard]] StateChanges changes() const;

    /// The same, moved out: the journal is spent.
    [[nodiscard]] StateChanges take_changes() &&;

  private:
    struct Entry {
        StateKey key;
        std::optional<SmallBytes> original;
        std::optional<SmallBytes> current;
    };

    struct Undo {
        std::uint32_t entry = 0;
        std::optional<SmallBytes> previous;
    };

    StoreResult<std::uint32_t> entry_of(const StateKey& key);
    StoreResult<void> write(const StateKey& key, std::optional<SmallBytes> value);
    [[nodiscard]] std::size_t slot_of(const Hash& path) const;
    [[nodiscard]] std::vector<std::uint32_t> changed_entries() const;
    void grow();

    static constexpr std::uint32_t kEmptySlot = UINT32_MAX;

    StateView& base_;
    const std::array<std::uint64_t, 2> salt_;
    std::vector<Entry> entries_;        ///< in the order of first use
    std::vector<std::uint32_t> slots_;  ///< open addressing by path; size a power of two
    std::vector<Undo> undo_;
    Bytes scratch_;  ///< spares put_record an allocation
};

}  // namespace polis::ledger
