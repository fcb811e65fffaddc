#pragma once

#include <cstddef>
#include <string>

#include <core/types.hpp>
#include <genesis/dev_keys.hpp>
#include <genesis/preset.hpp>

namespace polis::genesis {

struct DevnetOptions {
    std::size_t validators = 4;
    std::size_t accounts = 10;
    std::string seed = std::string(kDevSeed);
    std::string name = "devnet";
    ChainId chain_id{101};
    ledger::ElectionKind election = ledger::ElectionKind::kDpos;
};

/// A preset whose keys are public: equal validators, equally rich accounts, short terms. Where
/// seats are earned by learning, operators have coins too: who trains pays a bond.
[[nodiscard]] GenesisPreset devnet_preset(const DevnetOptions& options);

/// The same as a preset file, with a warning above it. parse_preset() reads the preset back.
[[nodiscard]] std::string devnet_toml(const DevnetOptions& options);

/// A moment as 2026-01-01T00:00:00Z, with milliseconds if there are any.
[[nodiscard]] std::string to_text(TimeMs time);

/// A preset as TOML below `heading`, a comment; entries are numbered.
[[nodiscard]] std::string write_preset(const GenesisPreset& preset, std::string_view heading);

}  // namespace polis::genesis
