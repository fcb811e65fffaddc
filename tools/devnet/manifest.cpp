#include <tools/devnet/manifest.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include <genesis/preset.hpp>
#include <genesis/suggest.hpp>

namespace polis::tools::devnet {

namespace {

constexpr std::array<std::string_view, 6> kKeys = {
    "nodes", "election", "seed", "accounts", "block_interval_ms", "base_port"};

/// "base_port" is --base-port.
std::string flag_name(std::string_view key) {
    std::string out = "--";
    for (const char c : key.substr(0, key.find("_ms"))) {
        out += c == '_' ? '-' : c;
    }
    return out;
}

class Reader {
  public:
    Reader(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

    [[nodiscard]] Fallible<void> check_keys() const {
        for (const auto& [key, node] : table_) {
            if (std::ranges::find(kKeys, key.str()) == kKeys.end()) {
                const auto meant = genesis::suggest(key.str(), kKeys);
                return fault(
                    node,
                    fmt::format("{}: unknown key", key.str()),
                    meant ? fmt::format("did you mean {}?", *meant) : "remove it");
            }
        }
        return {};
    }

    /// Takes the number of the file, and compares with what the flag wants.
    template <class Number>
    [[nodiscard]] Fallible<void> number(
        std::string_view key,
        Number& out,
        const std::optional<Number>& flag,
        std::pair<std::uint64_t, std::uint64_t> range) const {
        const toml::node* node = table_.get(key);
        if (node == nullptr) {
            return {};
        }
        const auto value = node->value_exact<std::int64_t>();
        const bool fits = value && *value >= 0 &&
                          static_cast<std::uint64_t>(*value) >= range.first &&
                          static_cast<std::uint64_t>(*value) <= range.second;
        if (!fits) {
            return fault(
                *node,
                fmt::format("{} is no number from {} to {}", key, range.first, range.second),
                "correct it");
        }
        out = static_cast<Number>(*value);
        return agree(key, fmt::format("{}", out), !flag || *flag == out);
    }

    [[nodiscard]] Fallible<void> text(
        std::string_view key, std::string& out, const std::optional<std::string>& flag) const {
        const toml::node* node = table_.get(key);
        if (node == nullptr) {
            return {};
        }
        const auto value = node->value_exact<std::string>();
        if (!value) {
            return fault(*node, fmt::format("{} is no text", key), "put it in quotes");
        }
        out = *value;
        return agree(key, toml_text(out), !flag || *flag == out);
    }

    [[nodiscard]] std::unexpected<Failure> fault(
        const toml::node& node, const std::string& cause, const std::string& cure) const {
        return std::unexpected(
            Failure(fmt::format("{}:{}: {}; {}", file_, node.source().begin.line, cause, cure)));
    }

  private:
    [[nodiscard]] Fallible<void> agree(
        std::string_view key, const std::string& value, bool same) const {
        if (same) {
            return {};
        }
        return wrong_usage(fmt::format(
            "{} contradicts {} = {} in {}; leave it out, or choose another --home",
            flag_name(key),
            key,
            value,
            file_));
    }

    const toml::table& table_;
    const std::string& file_;
};

}  // namespace

std::filesystem::path manifest_file(const std::filesystem::path& home) {
    return home / "devnet.toml";
}

std::string toml_text(const std::string& text) {
    std::ostringstream out;
    out << toml::value<std::string>(text);
    return out.str();
}

std::string to_toml(const Manifest& manifest) {
    return fmt::format(
        "# A devnet of Polis. Its keys follow from the seed: anybody can compute them.\n"
        "# Change it before the first `polis devnet up`, or after `polis devnet reset "
        "--manifest`.\n"
        "nodes = {}\n"
        "election = {}\n"
        "seed = {}\n"
        "accounts = {}\n"
        "block_interval_ms = {}\n"
        "base_port = {}  # node i: +{}i peers, +{}i+1 RPC, +{}i+2 admin\n",
        manifest.nodes,
        toml_text(manifest.election),
        toml_text(manifest.seed),
        manifest.accounts,
        manifest.block_interval_ms,
        manifest.base_port,
        kPortStep,
        kPortStep,
        kPortStep);
}

Manifest manifest_of(const ManifestFlags& flags) {
    const Manifest defaults;
    return {
        .nodes = flags.nodes.value_or(defaults.nodes),
        .election = flags.election.value_or(defaults.election),
        .seed = flags.seed.value_or(defaults.seed),
        .accounts = flags.accounts.value_or(defaults.accounts),
        .block_interval_ms = flags.block_interval_ms.value_or(defaults.block_interval_ms),
        .base_port = flags.base_port.value_or(defaults.base_port)};
}

Fallible<Manifest> parse_manifest(
    std::string_view text, const std::string& file, const ManifestFlags& flags) {
    toml::table table;
    try {
        table = toml::parse(text, file);
    } catch (const toml::parse_error& error) {
        return std::unexpected(Failure(fmt::format(
            "{}:{}: {}; mend the TOML syntax",
            file,
            error.source().begin.line,
            error.description())));
    }
    const Reader reader(table, file);
    Manifest out = manifest_of(flags);
    constexpr std::uint64_t kPortMax = std::numeric_limits<std::uint16_t>::max();
    POLIS_TRY_VOID(reader.check_keys());
    POLIS_TRY_VOID(reader.number("nodes", out.nodes, flags.nodes, {1, kNodesMax}));
    POLIS_TRY_VOID(reader.text("election", out.election, flags.election));
    POLIS_TRY_VOID(reader.text("seed", out.seed, flags.seed));
    POLIS_TRY_VOID(reader.number("accounts", out.accounts, flags.accounts, {0, kAccountsMax}));
    POLIS_TRY_VOID(reader.number(
        "block_interval_ms",
        out.block_interval_ms,
        flags.block_interval_ms,
        {kBlockIntervalMsMin, kBlockIntervalMsMax}));
    POLIS_TRY_VOID(
        reader.number("base_port", out.base_port, flags.base_port, {kBasePortMin, kPortMax}));
    if (!genesis::parse_election(out.election)) {
        return std::unexpected(Failure(fmt::format(
            "{}: election is \"{}\"; choose \"dpos\", \"pole\" or \"poc\"", file, out.election)));
    }
    return out;
}

}  // namespace polis::tools::devnet
