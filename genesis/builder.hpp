#pragma once

#include <string_view>
#include <vector>

#include <core/types.hpp>
#include <genesis/preset.hpp>
#include <ledger/chain.hpp>
#include <ledger/modules/staking.hpp>

namespace polis::genesis {

/// A genesis ready for ledger::Chain::create, and what people compare.
struct Genesis {
    ledger::GenesisState state;
    std::vector<ledger::staking::Member> committee;  ///< of the first term
    Hash state_root;
    Hash hash;  ///< covers parameters, time, records and committee
    Amount supply;
};

/// Makes the records of a preset with the modules that will change them later. The order of keys in
/// the file, comments and the name have no influence on any hash.
/// @param source the text that the chain keeps, from which parse_preset() gives `preset` again
/// @error what check_preset() finds, and an election that this program does not have
[[nodiscard]] PresetResult<Genesis> build(const GenesisPreset& preset, std::string_view source);

/// parse_preset() and build() in one. @param file is named in errors only
[[nodiscard]] PresetResult<Genesis> build_from_text(std::string_view text, std::string_view file);

}  // namespace polis::genesis
