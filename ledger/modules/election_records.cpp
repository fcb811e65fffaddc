#include <ledger/modules/election_records.hpp>

#include <array>
#include <cstdint>
#include <utility>

#include <core/check.hpp>

namespace polis::ledger {

std::optional<Bytes> ElectionJournal::get(ByteView key) {
    if (error_) {
        return std::nullopt;
    }
    auto value = state_.get(state_key(key));
    if (!value) {
        error_ = std::move(value).error();
        return std::nullopt;
    }
    return *value ? std::optional{to_bytes(**value)} : std::nullopt;
}

void ElectionJournal::put(ByteView key, ByteView value) {
    POLIS_ASSERT_OP(value.size(), <=, kElectionValueBytesMax);
    if (!error_) {
        note(state_.put(state_key(key), value));
    }
}

void ElectionJournal::remove(ByteView key) {
    if (!error_) {
        note(state_.remove(state_key(key)));
    }
}

StoreResult<void> ElectionJournal::finish() const {
    return error_ ? StoreResult<void>{std::unexpected(*error_)} : StoreResult<void>{};
}

StateKey ElectionJournal::state_key(ByteView key) const {
    POLIS_ASSERT_OP(key.size(), <=, kElectionKeyBytesMax);
    const std::array<std::uint8_t, 1> kind{static_cast<std::uint8_t>(kind_)};
    return StateKey(RecordKind::kElection, {kind, key});
}

void ElectionJournal::note(StoreResult<void> outcome) {
    if (!outcome) {
        error_ = std::move(outcome).error();
    }
}

}  // namespace polis::ledger
