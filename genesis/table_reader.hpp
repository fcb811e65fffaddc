#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include <core/types.hpp>
#include <genesis/preset.hpp>

/// Typed reading of TOML tables: for parsers of files that people write. Includes toml++, so only
/// their sources include this.
namespace polis::genesis {

/// Where the keys of a file stand, so that later checks can name a line.
class KeyLines {
  public:
    void add(std::string key, std::uint32_t line) { lines_.emplace(std::move(key), line); }

    /// The line of the key or of the nearest table around it; 0 if nothing is known.
    [[nodiscard]] std::uint32_t find(std::string_view key) const;

  private:
    std::map<std::string, std::uint32_t, std::less<>> lines_;
};

/// What every reader of one file shares.
struct ReadContext {
    std::string file;
    KeyLines lines;
};

/// Reads the keys of one table; each answer is checked for its type, each error names its place.
class TableReader {
  public:
    /// @param path of the table: "", "params", "accounts[3]". @pre both references outlive this
    TableReader(ReadContext& context, const toml::table& table, std::string path);

    /// @error for the first key that is none of these, with the one that was probably meant
    [[nodiscard]] PresetResult<void> allow_only(std::span<const std::string_view> keys) const;

    [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

    [[nodiscard]] PresetResult<std::string> text(std::string_view key) const;
    [[nodiscard]] PresetResult<std::uint64_t> number(std::string_view key) const;
    [[nodiscard]] PresetResult<bool> boolean(std::string_view key) const;

    /// A list of numbers from 0.
    [[nodiscard]] PresetResult<std::vector<std::uint64_t>> numbers(std::string_view key) const;

    /// A list of texts.
    [[nodiscard]] PresetResult<std::vector<std::string>> texts(std::string_view key) const;
    [[nodiscard]] PresetResult<Amount> amount(std::string_view key) const;

    /// Basis points of a percentage: 5 or "2.5", from 0 to 100.
    [[nodiscard]] PresetResult<std::uint16_t> percent(std::string_view key) const;
    [[nodiscard]] PresetResult<TimeMs> time(std::string_view key) const;
    [[nodiscard]] PresetResult<Address> address(std::string_view key) const;

    /// Exactly 32 bytes in hexadecimal.
    [[nodiscard]] PresetResult<Hash> bytes32(std::string_view key) const;

    [[nodiscard]] PresetResult<TableReader> table(std::string_view key) const;

    /// The tables of a list, [[key]]; none if the key is missing.
    [[nodiscard]] PresetResult<std::vector<TableReader>> tables(std::string_view key) const;

    /// The error of a key of this table at the place where it stands.
    [[nodiscard]] PresetError error(
        std::string_view key, std::string cause, std::string cure) const;

  private:
    [[nodiscard]] PresetResult<const toml::node*> node(
        std::string_view key, std::string_view example) const;
    [[nodiscard]] std::string full_key(std::string_view key) const;
    [[nodiscard]] PresetError wrong_type(
        std::string_view key, const toml::node& found, std::string_view wanted) const;
    [[nodiscard]] PresetResult<std::uint64_t> decimal(
        std::string_view key, std::string_view digits, int places) const;

    ReadContext& context_;
    const toml::table& table_;
    std::string path_;
};

}  // namespace polis::genesis
