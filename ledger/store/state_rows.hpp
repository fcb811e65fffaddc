#pragma once

#include <functional>
#include <span>
#include <vector>

#include <ledger/state/tree.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/rows.hpp>

namespace polis::ledger {

/// The state's records in a store, as the tree asks for them.
class StateRows : public LeafSource {
  public:
    /// @pre `store` outlives this
    explicit StateRows(const KeyValueStore& store) : store_(store) {}

    [[nodiscard]] StoreResult<std::vector<state::Leaf>> load(
        const Hash& path, std::size_t bits) const override;

    /// Visits every record in path order. @error kCorrupt for a malformed row or what `visit`
    /// answers
    [[nodiscard]] StoreResult<void> visit(
        const std::function<StoreResult<void>(const rows::StateRow&)>& visit) const;

    /// Appends the rows of `changes` to a batch.
    static void write(WriteBatch& batch, std::span<const StateChange> changes);

  private:
    StoreResult<void> scan(
        const rows::Range& range,
        const std::function<StoreResult<void>(const rows::StateRow&)>& visit) const;

    const KeyValueStore& store_;
};

}  // namespace polis::ledger
