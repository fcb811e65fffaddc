#pragma once

#include <cstddef>
#include <optional>

#include <consensus/election.hpp>
#include <core/bytes.hpp>
#include <ledger/params.hpp>
#include <ledger/state/journal.hpp>

namespace polis::ledger {

inline constexpr std::size_t kElectionKeyBytesMax = 32;
inline constexpr std::size_t kElectionValueBytesMax = 4'096;

/// An election's corner of the state, as the election sees it: over a journal, under keys that
/// begin with the election's kind.
///
/// An election cannot answer for a broken disk, so its functions see no errors: after the first one
/// reads find nothing and writes go nowhere, and finish() tells. What the election said meanwhile
/// is worthless. One thread.
class ElectionJournal final : public consensus::ElectionRecords {
  public:
    /// @pre `state` outlives this object
    ElectionJournal(Journal& state, ElectionKind kind) : state_(state), kind_(kind) {}

    /// @pre key and value within the limits above: a longer one is a mistake of the election
    [[nodiscard]] std::optional<Bytes> get(ByteView key) override;
    void put(ByteView key, ByteView value) override;
    void remove(ByteView key) override;

    /// @error the first one that the state answered
    [[nodiscard]] StoreResult<void> finish() const;

  private:
    [[nodiscard]] StateKey state_key(ByteView key) const;
    void note(StoreResult<void> outcome);

    Journal& state_;
    const ElectionKind kind_;
    std::optional<StoreError> error_;
};

}  // namespace polis::ledger
