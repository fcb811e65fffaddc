#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/genesis_contract.hpp>
#include <ledger/params.hpp>

/// What a chain begins with, as a person writes it: a TOML file (docs/guides/genesis.md).
namespace polis::genesis {

inline constexpr std::size_t kPresetBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kNameBytesMax = 64;
inline constexpr std::size_t kContractsMax = 16;

struct PresetAccount {
    Address address;
    Amount balance;

    bool operator==(const PresetAccount&) const = default;
};

struct PresetValidator {
    Address address;  ///< of the operator, who holds the stake
    PublicKey consensus_key;
    VrfPublicKey vrf_key;
    Amount stake;
    std::uint16_t commission_bps = 0;

    bool operator==(const PresetValidator&) const = default;
};

struct GenesisPreset {
    std::string name;  ///< for people; everything else is covered by the genesis hash
    TimeMs time;
    ledger::Params params;  ///< with the chain id and the election
    std::vector<PresetAccount> accounts;
    std::vector<PresetValidator> validators;
    std::vector<ledger::GenesisContract> contracts;

    bool operator==(const GenesisPreset&) const = default;
};

/// What is wrong with a preset, where, and what to do about it.
struct PresetError {
    std::string file;        ///< empty for a preset that was not read
    std::uint32_t line = 0;  ///< 0: the whole file
    std::string key;         ///< "params.stake_min", "accounts[3].balance"
    std::string cause;
    std::string cure;

    bool operator==(const PresetError&) const = default;
};

/// "FILE:LINE: KEY: CAUSE; CURE" without the parts that are empty.
[[nodiscard]] std::string describe(const PresetError& error);

template <class T>
using PresetResult = Result<T, PresetError>;

/// Reads a preset from TOML text. @param file is named in errors only
/// @error the first fault: syntax, unknown or missing key, wrong type, or what check_preset() finds
[[nodiscard]] PresetResult<GenesisPreset> parse_preset(
    std::string_view text, std::string_view file);

/// The election of this name; nothing for any other name.
[[nodiscard]] std::optional<ledger::ElectionKind> parse_election(std::string_view name);

/// The text of a preset file, self-contained: inline_code() put the code of its contracts into it.
/// @error missing, not a file, unreadable, over kPresetBytesMax, or what inline_code() says
[[nodiscard]] PresetResult<std::string> read_preset(const std::filesystem::path& file);

/// What no single key shows: ranges, duplicates, sums. parse_preset() ends with it; whoever makes a
/// preset in memory calls it. @error without file and line
[[nodiscard]] PresetResult<void> check_preset(const GenesisPreset& preset);

/// All coins: balances, stakes and what contracts begin with. @pre check_preset() passed
[[nodiscard]] Amount supply_of(const GenesisPreset& preset);

}  // namespace polis::genesis
