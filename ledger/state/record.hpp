#pragma once

#include <optional>
#include <string>

#include <core/codec/borsh.hpp>
#include <core/hex.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>

/// Typed records over a view: Borsh in, Borsh out.
namespace polis::ledger {

[[nodiscard]] inline StoreError undecodable(const StateKey& key, codec::DecodeError error) {
    return {
        StoreErrc::kCorrupt,
        "state record " + to_hex(key.bytes()) + ": " + std::string(codec::to_string(error))};
}

/// @return the record, nothing if there is none. @error kCorrupt if it does not decode
template <class Record>
[[nodiscard]] StoreResult<std::optional<Record>> load_record(
    StateView& state, const StateKey& key) {
    POLIS_TRY(const auto bytes, state.get(key));
    if (!bytes) {
        return std::optional<Record>{};
    }
    auto record = codec::decode<Record>(*bytes);
    if (!record) {
        return std::unexpected(undecodable(key, record.error()));
    }
    return std::optional<Record>{*std::move(record)};
}

template <class Record>
[[nodiscard]] StoreResult<void> save_record(
    Journal& state, const StateKey& key, const Record& record) {
    return state.put_record(key, record);
}

}  // namespace polis::ledger
