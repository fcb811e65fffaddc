#include <node/config/config.hpp>

#include <algorithm>
#include <charconv>
#include <span>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include <core/hex.hpp>
#include <core/types.hpp>
#include <genesis/preset.hpp>
#include <genesis/suggest.hpp>
#include <genesis/table_reader.hpp>
#include <node/config/key_table.hpp>
#include <node/config/peer_address.hpp>
#include <p2p/endpoint.hpp>

namespace polis::node {

namespace {

using genesis::PresetResult;
using genesis::TableReader;

/// A value that is not of the key's range or choices: what is wrong and what to do.
struct Fault {
    std::string cause;
    std::string cure;
};

std::string joined(std::span<const std::string_view> words) {
    std::string out;
    for (const std::string_view word : words) {
        out += fmt::format("{}{}", out.empty() ? "" : ", ", word);
    }
    return out;
}

Result<void, Fault> set_number(const ConfigKey& key, NodeConfig& config, std::uint64_t value) {
    if (value < key.min || value > key.max) {
        return std::unexpected(Fault{
            fmt::format("is {}, out of range", value),
            fmt::format("choose {} to {}", key.min, key.max)});
    }
    std::get<NumberField>(key.field)(config) = value;
    return {};
}

Result<void, Fault> set_text(const ConfigKey& key, NodeConfig& config, std::string value) {
    if (!key.choices.empty() && std::ranges::find(key.choices, value) == key.choices.end()) {
        return std::unexpected(
            Fault{fmt::format("is \"{}\"", value), "choose one of " + joined(key.choices)});
    }
    std::get<TextField>(key.field)(config) = std::move(value);
    return {};
}

// ---- the file -----------------------------------------------------------------------------------

PresetResult<void> read_key(const TableReader& reader, const ConfigKey& key, NodeConfig& config) {
    Result<void, Fault> done;
    if (const auto* flag = std::get_if<BoolField>(&key.field)) {
        POLIS_TRY((*flag)(config), reader.boolean(key.name));
    } else if (std::holds_alternative<NumberField>(key.field)) {
        POLIS_TRY(const std::uint64_t value, reader.number(key.name));
        done = set_number(key, config, value);
    } else if (std::holds_alternative<TextField>(key.field)) {
        POLIS_TRY(std::string value, reader.text(key.name));
        done = set_text(key, config, std::move(value));
    } else {
        POLIS_TRY(std::get<ListField>(key.field)(config), reader.texts(key.name));
    }
    if (!done) {
        return std::unexpected(reader.error(key.name, done.error().cause, done.error().cure));
    }
    return {};
}

PresetResult<void> read_section(
    const TableReader& top, std::string_view section, NodeConfig& config) {
    if (!top.has(section)) {
        return {};
    }
    POLIS_TRY(const TableReader reader, top.table(section));
    std::vector<std::string_view> names;
    for (const ConfigKey& key : config_keys()) {
        if (key.section == section) {
            names.push_back(key.name);
        }
    }
    POLIS_TRY_VOID(reader.allow_only(names));
    for (const ConfigKey& key : config_keys()) {
        if (key.section == section && reader.has(key.name)) {
            POLIS_TRY_VOID(read_key(reader, key, config));
        }
    }
    return {};
}

PresetResult<void> read_file(const toml::table& table, std::string_view file, NodeConfig& config) {
    genesis::ReadContext context{.file = std::string(file), .lines = {}};
    const TableReader top(context, table, "");
    const std::vector<std::string_view> sections = config_sections();
    POLIS_TRY_VOID(top.allow_only(sections));
    for (const std::string_view section : sections) {
        POLIS_TRY_VOID(read_section(top, section, config));
    }
    return {};
}

// ---- environment and flags ----------------------------------------------------------------------

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        if (comma > 0) {
            out.emplace_back(text.substr(0, comma));
        }
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

Result<void, Fault> set_from_text(
    const ConfigKey& key, NodeConfig& config, std::string_view value) {
    if (const auto* flag = std::get_if<BoolField>(&key.field)) {
        if (value != "true" && value != "false") {
            return std::unexpected(Fault{fmt::format("is \"{}\"", value), "write true or false"});
        }
        (*flag)(config) = value == "true";
        return {};
    }
    if (std::holds_alternative<NumberField>(key.field)) {
        std::uint64_t number = 0;
        const char* const end = value.data() + value.size();
        const auto parsed = std::from_chars(value.data(), end, number);
        if (parsed.ec != std::errc{} || parsed.ptr != end) {
            return std::unexpected(Fault{
                fmt::format("is \"{}\", no number", value),
                fmt::format("choose {} to {}", key.min, key.max)});
        }
        return set_number(key, config, number);
    }
    if (std::holds_alternative<TextField>(key.field)) {
        return set_text(key, config, std::string(value));
    }
    std::get<ListField>(key.field)(config) = split_list(value);
    return {};
}

/// @param where the name that the person wrote: "--p2p.listen", "POLIS_P2P_LISTEN"
ConfigResult set_named(
    const ConfigKey& key, NodeConfig& config, std::string_view value, std::string_view where) {
    if (const auto done = set_from_text(key, config, value); !done) {
        return std::unexpected(
            fmt::format("{}: {}; {}", where, done.error().cause, done.error().cure));
    }
    return {};
}

template <class Name>
ConfigResult unknown_name(std::string_view found, Name name_of) {
    std::vector<std::string> names;
    for (const ConfigKey& key : config_keys()) {
        names.push_back(name_of(key));
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto meant = genesis::suggest(found, views);
    return std::unexpected(
        meant ? fmt::format("{}: unknown; did you mean {}?", found, *meant)
              : fmt::format("{}: unknown; docs/guides/configuration.md lists all", found));
}

/// Whether the name belongs to a section: POLIS_P2P_..., but not POLIS_JOBS or POLIS_P2POOL.
bool is_ours(std::string_view name) {
    return std::ranges::any_of(config_keys(), [name](const ConfigKey& key) {
        const std::string one = key.variable();
        const std::size_t prefix = one.size() - key.name.size();
        return name.starts_with(std::string_view(one).substr(0, prefix));
    });
}

}  // namespace

ConfigResult apply_toml(NodeConfig& config, std::string_view text, std::string_view file) {
    try {
        const toml::table table = toml::parse(text, file);
        if (const auto done = read_file(table, file, config); !done) {
            return std::unexpected(genesis::describe(done.error()));
        }
        return {};
    } catch (const toml::parse_error& error) {
        return std::unexpected(fmt::format(
            "{}:{}: {}; write TOML", file, error.source().begin.line, error.description()));
    }
}

ConfigResult apply_environment(NodeConfig& config, const std::vector<std::string>& entries) {
    for (const std::string& entry : entries) {
        const std::size_t equals = entry.find('=');
        if (!entry.starts_with("POLIS_") || equals == std::string::npos) {
            continue;
        }
        const std::string_view name = std::string_view(entry).substr(0, equals);
        const std::string_view value = std::string_view(entry).substr(equals + 1);
        const auto key = std::ranges::find(config_keys(), name, &ConfigKey::variable);
        if (key != config_keys().end()) {
            POLIS_TRY_VOID(set_named(*key, config, value, name));
        } else if (is_ours(name)) {
            return unknown_name(name, [](const ConfigKey& one) { return one.variable(); });
        }
    }
    return {};
}

ConfigResult apply_value(NodeConfig& config, std::string_view path, std::string_view value) {
    const auto key = std::ranges::find(config_keys(), path, &ConfigKey::path);
    if (key == config_keys().end()) {
        return unknown_name(path, [](const ConfigKey& one) { return one.path(); });
    }
    return set_named(*key, config, value, "--" + std::string(path));
}

namespace {

ConfigResult check_endpoint(std::string_view key, const std::string& text, bool optional) {
    if ((optional && text.empty()) || parse_listen_address(text)) {
        return {};
    }
    return std::unexpected(fmt::format(
        "{}: \"{}\" is no address; write ip:port, such as 127.0.0.1:26600 or [::1]:26600",
        key,
        text));
}

/// Whoever reaches that port without a token takes the node's work, or gives it bad models.
ConfigResult check_trainer(const NodeConfig::Trainer& trainer) {
    POLIS_TRY_VOID(check_endpoint("trainer.listen", trainer.listen, /*optional=*/true));
    const bool loopback = trainer.listen.starts_with("127.") || trainer.listen.starts_with("[::1]");
    if (!trainer.listen.empty() && !loopback && trainer.token_file.empty()) {
        return std::unexpected(fmt::format(
            "trainer.listen: {} can be reached from elsewhere and trainer.token_file is empty; "
            "name a file, or listen on 127.0.0.1 and come through a tunnel",
            trainer.listen));
    }
    return {};
}

ConfigResult check_times(const NodeConfig::Consensus& consensus) {
    const std::uint64_t pace =
        std::max(consensus.block_interval_ms, consensus.empty_block_interval_ms);
    // Others wait for the leader: what it takes on purpose must leave room for the network.
    if (pace > consensus.view_timeout_ms / 2) {
        return std::unexpected(fmt::format(
            "consensus: a block every {} ms leaves a view of {} ms too little time; raise "
            "consensus.view_timeout_ms to {} or lower the interval",
            pace,
            consensus.view_timeout_ms,
            2 * pace));
    }
    if (consensus.view_timeout_ms > consensus.view_timeout_ms_max) {
        return std::unexpected(
            "consensus.view_timeout_ms_max: below view_timeout_ms; make it larger");
    }
    return {};
}

}  // namespace

ConfigResult check_config(const NodeConfig& config) {
    POLIS_TRY_VOID(check_endpoint("p2p.listen", config.p2p.listen, /*optional=*/false));
    POLIS_TRY_VOID(check_endpoint("p2p.advertise", config.p2p.advertise, /*optional=*/true));
    POLIS_TRY_VOID(check_endpoint("rpc.listen", config.rpc.listen, /*optional=*/true));
    POLIS_TRY_VOID(check_endpoint("admin.listen", config.admin.listen, /*optional=*/true));
    POLIS_TRY_VOID(check_trainer(config.trainer));
    for (const std::string& peer : config.p2p.boot) {
        if (const auto parsed = parse_peer_address(peer); !parsed) {
            return std::unexpected("p2p.boot: " + parsed.error());
        }
    }
    for (const std::string& root : config.blobs.keep) {
        if (!fixed_from_hex<Hash>(root)) {
            return std::unexpected(fmt::format(
                "blobs.keep: \"{}\" is no root; write 64 hex digits, as blob_put answers", root));
        }
    }
    return check_times(config.consensus);
}

std::string to_toml(const NodeConfig& config, bool comments) {
    std::string out;
    std::string_view section;
    for (const ConfigKey& key : config_keys()) {
        if (key.section != section) {
            section = key.section;
            out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section);
        }
        if (comments) {
            out += fmt::format("# {}\n", key.help);
        }
        out += fmt::format("{} = {}\n", key.name, value_text(key, config));
    }
    return out;
}

}  // namespace polis::node
