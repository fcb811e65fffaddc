#include <ledger/store/state_rows.hpp>

namespace polis::ledger {

StoreResult<std::vector<state::Leaf>> StateRows::load(const Hash& path, std::size_t bits) const {
    std::vector<state::Leaf> leaves;
    const auto collect = [&leaves](const rows::StateRow& row) -> StoreResult<void> {
        leaves.push_back({.path = row.path, .hash = {}, .value = row.value});
        return {};
    };
    POLIS_TRY_VOID(scan(rows::state_range(path, bits), collect));
    return leaves;
}

StoreResult<void> StateRows::visit(
    const std::function<StoreResult<void>(const rows::StateRow&)>& visit) const {
    return scan(rows::state_range(Hash{}, 0), visit);
}

StoreResult<void> StateRows::scan(
    const rows::Range& range,
    const std::function<StoreResult<void>(const rows::StateRow&)>& visit) const {
    StoreResult<void> outcome;
    const auto visit_row = [&](ByteView key, ByteView value) {
        auto row = rows::parse_state_row(key, value);
        outcome = row ? visit(*row) : StoreResult<void>(std::unexpected(row.error()));
        return outcome.has_value();
    };
    POLIS_TRY_VOID(store_.scan(range.first, range.last, visit_row));
    return outcome;
}

void StateRows::write(WriteBatch& batch, std::span<const StateChange> changes) {
    for (const StateChange& change : changes) {
        if (change.value) {
            rows::put_state(batch, change.key.path(), change.key.bytes(), *change.value);
        } else {
            batch.remove(rows::state_key(change.key.path()));
        }
    }
}

}  // namespace polis::ledger
