#pragma once

#include <optional>
#include <vector>

#include <core/small_bytes.hpp>
#include <ledger/state/key.hpp>
#include <ledger/store/key_value.hpp>

namespace polis::ledger {

/// Read access to the records of one moment.
class StateView {
  public:
    virtual ~StateView() = default;

    /// @return the record, nothing if there is none. @error what the store beneath answers
    [[nodiscard]] virtual StoreResult<std::optional<SmallBytes>> get(const StateKey& key) = 0;
};

/// One record's new value, or its removal.
struct StateChange {
    StateKey key;
    std::optional<SmallBytes> value;
};

/// Sorted by path, each path at most once.
using StateChanges = std::vector<StateChange>;

}  // namespace polis::ledger
