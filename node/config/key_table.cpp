#include <node/config/key_table.hpp>

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace polis::node {

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::uint64_t kHourMs = 3'600'000;

constexpr std::array<std::string_view, 5> kLevels{"trace", "debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kStarts{"blocks", "snapshot"};
constexpr std::array<std::string_view, 2> kFormats{"text", "json"};

// The field of a key, for the table below.
#define POLIS_FIELD(type, section, name) \
    type([](NodeConfig& config) -> auto& { return config.section.name; })
#define POLIS_BOOL(section, name) #section, #name, POLIS_FIELD(BoolField, section, name)
#define POLIS_NUMBER(section, name) #section, #name, POLIS_FIELD(NumberField, section, name)
#define POLIS_TEXT(section, name) #section, #name, POLIS_FIELD(TextField, section, name)
#define POLIS_LIST(section, name) #section, #name, POLIS_FIELD(ListField, section, name)

constexpr std::array kKeys{
    ConfigKey{POLIS_TEXT(node, moniker), "A name for people"},
    ConfigKey{POLIS_TEXT(p2p, listen), "Where other nodes connect; port 0: any free one"},
    ConfigKey{
        POLIS_TEXT(p2p, advertise),
        "What other nodes are told to connect to; empty: the listening address"},
    ConfigKey{
        POLIS_LIST(p2p, boot),
        "Nodes that are always dialled: \"ID@host:port\", or \"host:port\" for whoever answers; "
        "names are "
        "looked up at the start"},
    ConfigKey{POLIS_NUMBER(p2p, outbound_max), "Connections that this node opens", 0, 1'000},
    ConfigKey{POLIS_NUMBER(p2p, inbound_max), "Connections that others may open", 0, 10'000},
    ConfigKey{
        POLIS_BOOL(p2p, local_network),
        "Takes in and passes on loopback and private addresses: for development networks"},
    ConfigKey{POLIS_TEXT(rpc, listen), "Where clients connect (HTTP, WebSocket); empty: nowhere"},
    ConfigKey{
        POLIS_LIST(rpc, hosts),
        "Host names that requests may carry besides loopback and the listening address"},
    ConfigKey{POLIS_NUMBER(rpc, batch_max), "Calls in one batch", 1, 10'000},
    ConfigKey{POLIS_NUMBER(rpc, body_bytes_max), "Bytes of one request", 1'024, 64 * kMiB},
    ConfigKey{POLIS_NUMBER(rpc, response_bytes_max), "Bytes of one answer", 65'536, kGiB},
    ConfigKey{
        POLIS_NUMBER(rpc, call_gas_max),
        "Gas of one call of a contract that a client tries",
        100'000,
        1'000'000'000'000},
    ConfigKey{
        POLIS_TEXT(admin, listen), "Where operators connect; needs the token; empty: nowhere"},
    ConfigKey{POLIS_TEXT(admin, token_file), "File of the operator's token, below the home"},
    ConfigKey{
        POLIS_BOOL(admin, dev),
        "Methods of development networks: faucet, faults, clock. Never with coins of value"},
    ConfigKey{POLIS_TEXT(admin, dev_seed), "Public seed of the accounts that the faucet pays from"},
    ConfigKey{
        POLIS_BOOL(consensus, validator),
        "Votes and proposes if the home holds validator keys; false: only follows"},
    ConfigKey{
        POLIS_NUMBER(consensus, block_interval_ms),
        "Least time from one proposal to the next",
        0,
        kHourMs},
    ConfigKey{
        POLIS_NUMBER(consensus, empty_block_interval_ms),
        "How long a leader without transactions waits before it proposes an empty block",
        0,
        kHourMs},
    ConfigKey{
        POLIS_NUMBER(consensus, view_timeout_ms), "Of a view before any back-off", 50, kHourMs},
    ConfigKey{POLIS_NUMBER(consensus, view_timeout_ms_max), "Where its back-off ends", 50, kHourMs},
    ConfigKey{
        POLIS_NUMBER(consensus, resend_ms),
        "Without progress for so long, what was said is said again",
        50,
        kHourMs},
    ConfigKey{
        POLIS_NUMBER(consensus, block_txns_max), "Transactions in a block made here", 1, 10'000},
    ConfigKey{
        POLIS_NUMBER(consensus, clock_drift_ms_max),
        "How far a block's time may be ahead of this clock",
        0,
        kHourMs},
    ConfigKey{POLIS_NUMBER(mempool, bytes_max), "Bytes of waiting transactions", kMiB, 4 * kGiB},
    ConfigKey{POLIS_NUMBER(mempool, count_max), "Waiting transactions", 100, 10'000'000},
    ConfigKey{POLIS_NUMBER(mempool, sender_count_max), "The same of one sender", 1, 10'000},
    ConfigKey{
        POLIS_NUMBER(mempool, nonce_gap_max), "Nonces that a sender may leave out", 0, 10'000},
    ConfigKey{
        POLIS_NUMBER(mempool, replacement_rise_percent),
        "How much more a replacement must pay",
        0,
        1'000},
    ConfigKey{POLIS_NUMBER(store, cache_bytes), "LevelDB's cache of table blocks", 0, 64 * kGiB},
    ConfigKey{
        POLIS_NUMBER(store, write_buffer_bytes),
        "LevelDB's log before it is sorted; less memory, more compactions",
        kMiB,
        kGiB},
    ConfigKey{
        POLIS_NUMBER(store, state_cache_bytes),
        "Records of the state kept in memory",
        kMiB,
        64 * kGiB},
    ConfigKey{POLIS_BOOL(store, compression), "Snappy: a third less space, a tenth slower"},
    ConfigKey{
        POLIS_TEXT(sync, start),
        "How a home without a chain begins: with all blocks, or with a copy of the state from "
        "peers",
        0,
        0,
        kStarts},
    ConfigKey{
        POLIS_NUMBER(sync, snapshot_wait_ms),
        "When nothing of a copy has come for so long, the node begins with all blocks",
        0,
        24 * kHourMs},
    ConfigKey{
        POLIS_NUMBER(sync, snapshot_interval),
        "Blocks between two copies of the state for nodes that begin; 0: only when told to",
        0,
        1'000'000'000},
    ConfigKey{POLIS_NUMBER(blobs, quota_bytes), "Space for blobs on the disk", kMiB, 1'024 * kGiB},
    ConfigKey{
        POLIS_LIST(blobs, keep), "Roots of blobs that are fetched from peers and never dropped"},
    ConfigKey{
        POLIS_TEXT(trainer, program),
        "Trains models for learning tasks; beside this program unless it names a folder; empty: "
        "none"},
    ConfigKey{
        POLIS_TEXT(trainer, architecture),
        "What it trains: task (as each task suggests; mlp:64 if it suggests nothing), or always "
        "logistic, mlp:128,64 (with its hidden layers), lenet, cnn, resnet8"},
    ConfigKey{POLIS_TEXT(trainer, device), "Where it trains: auto, cpu, cuda:0"},
    ConfigKey{
        POLIS_TEXT(trainer, listen),
        "Where a trainer on another machine connects, such as 127.0.0.1:26680; then no program is "
        "started here; empty: nowhere"},
    ConfigKey{
        POLIS_TEXT(trainer, token_file),
        "What that trainer must know, a file below the home, made if it is not there; empty: "
        "nothing, on loopback only"},
    ConfigKey{POLIS_TEXT(log, level), "What is worth a line", 0, 0, kLevels},
    ConfigKey{POLIS_TEXT(log, format), "Text for people, JSON for programs", 0, 0, kFormats},
    ConfigKey{POLIS_TEXT(log, file), "Where lines go, below the home; empty: standard error"},
    ConfigKey{
        POLIS_NUMBER(runtime, crypto_threads),
        "Threads that verify signatures; 0: one for each core but one, at least one, at most 16",
        0,
        256},
};

#undef POLIS_LIST
#undef POLIS_TEXT
#undef POLIS_NUMBER
#undef POLIS_BOOL
#undef POLIS_FIELD

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            out += '\\';
            out += letter;
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += letter;
        }
    }
    return out + '"';
}

std::string list_text(const std::vector<std::string>& items) {
    std::string out = "[";
    for (const std::string& item : items) {
        out += (out.size() == 1 ? "" : ", ") + quoted(item);
    }
    return out + ']';
}

std::string values_of(const ConfigKey& key) {
    if (std::holds_alternative<NumberField>(key.field)) {
        return fmt::format("{} to {}", key.min, key.max);
    }
    std::string out;
    for (const std::string_view choice : key.choices) {
        out += fmt::format("{}`{}`", out.empty() ? "" : ", ", choice);
    }
    return out;
}

}  // namespace

std::string ConfigKey::path() const { return fmt::format("{}.{}", section, name); }

std::string ConfigKey::variable() const {
    std::string out = fmt::format("POLIS_{}_{}", section, name);
    std::ranges::transform(out, out.begin(), [](unsigned char letter) {
        return static_cast<char>(std::toupper(letter));
    });
    return out;
}

std::span<const ConfigKey> config_keys() { return kKeys; }

std::vector<std::string_view> config_sections() {
    std::vector<std::string_view> out;
    for (const ConfigKey& key : kKeys) {
        if (out.empty() || out.back() != key.section) {
            out.push_back(key.section);
        }
    }
    return out;
}

std::string value_text(const ConfigKey& key, const NodeConfig& config) {
    NodeConfig fields = config;  // the table leads to what may be changed
    if (const auto* flag = std::get_if<BoolField>(&key.field)) {
        return (*flag)(fields) ? "true" : "false";
    }
    if (const auto* number = std::get_if<NumberField>(&key.field)) {
        return fmt::format("{}", (*number)(fields));
    }
    if (const auto* text = std::get_if<TextField>(&key.field)) {
        return quoted((*text)(fields));
    }
    return list_text(std::get<ListField>(key.field)(fields));
}

std::string config_reference() {
    const NodeConfig defaults;
    std::string out = "| key | default | values | meaning |\n| --- | --- | --- | --- |\n";
    for (const ConfigKey& key : kKeys) {
        out += fmt::format(
            "| `{}` | `{}` | {} | {} |\n",
            key.path(),
            value_text(key, defaults),
            values_of(key),
            key.help);
    }
    return out;
}

}  // namespace polis::node
