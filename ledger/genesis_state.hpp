#pragma once

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/params.hpp>
#include <ledger/state/view.hpp>
#include <ledger/validation.hpp>

namespace polis::ledger {

/// What block 0 is made of. `genesis` builds it from a preset.
struct GenesisState {
    Params params;
    TimeMs time;
    Bytes source;          ///< the preset as it was read, kept for whoever opens the store later
    StateChanges records;  ///< sorted by path
    Hash committee{};      ///< who votes on the first term's blocks
};

/// The name of a genesis: a hash over parameters, time, the root of its records and the committee.
[[nodiscard]] Hash genesis_hash(const GenesisState& genesis, const Hash& state_root);

/// Block 0. @pre `state_root` is the root of the genesis' records
[[nodiscard]] CheckedBlock genesis_block(const GenesisState& genesis, const Hash& state_root);

/// The root of the genesis' records, computed in memory.
[[nodiscard]] Hash genesis_root(const GenesisState& genesis);

}  // namespace polis::ledger
