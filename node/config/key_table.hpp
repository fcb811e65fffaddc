#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <node/config/config.hpp>

namespace polis::node {

/// Where a key's value lies.
using BoolField = bool& (*)(NodeConfig&);
using NumberField = std::uint64_t& (*)(NodeConfig&);
using TextField = std::string& (*)(NodeConfig&);
using ListField = std::vector<std::string>& (*)(NodeConfig&);
using ConfigField = std::variant<BoolField, NumberField, TextField, ListField>;

/// One key of config.toml.
struct ConfigKey {
    std::string_view section;
    std::string_view name;
    ConfigField field;
    std::string_view help;  ///< for people: the file's comments, --help and the guide
    std::uint64_t min = 0;  ///< of a number
    std::uint64_t max = 0;
    std::span<const std::string_view> choices = {};  ///< of a text; none: any

    /// "p2p.listen"
    [[nodiscard]] std::string path() const;

    /// "POLIS_P2P_LISTEN"
    [[nodiscard]] std::string variable() const;
};

/// Every key, by section and in the order of the file.
[[nodiscard]] std::span<const ConfigKey> config_keys();

/// The sections in their order.
[[nodiscard]] std::vector<std::string_view> config_sections();

/// The value as TOML writes it.
[[nodiscard]] std::string value_text(const ConfigKey& key, const NodeConfig& config);

/// The table of docs/guides/configuration.md; a test compares it with the guide.
[[nodiscard]] std::string config_reference();

}  // namespace polis::node
