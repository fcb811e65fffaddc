#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/result.hpp>

/// What a person may choose about a node. Every key stands in one table (key_table.hpp), from which
/// the file's keys, the names in the environment, the flags and the guide follow.
namespace polis::node {

/// Defaults are for a node on one machine: everything listens on loopback.
struct NodeConfig {
    struct Node {
        std::string moniker = "polis";
    };

    struct P2p {
        std::string listen = "127.0.0.1:26600";
        std::string advertise;
        std::vector<std::string> boot;
        std::uint64_t outbound_max = 16;
        std::uint64_t inbound_max = 64;
        bool local_network = false;
    };

    struct Rpc {
        std::string listen = "127.0.0.1:26601";
        std::vector<std::string> hosts;
        std::uint64_t batch_max = 100;
        std::uint64_t body_bytes_max = std::uint64_t{1} << 20;
        std::uint64_t response_bytes_max = std::uint64_t{25} << 20;
        std::uint64_t call_gas_max = 100'000'000;
    };

    struct Admin {
        std::string listen = "127.0.0.1:26602";
        std::string token_file = "api.token";
        bool dev = false;
        std::string dev_seed = "polis-devnet";
    };

    struct Consensus {
        bool validator = true;
        std::uint64_t block_interval_ms = 100;
        std::uint64_t empty_block_interval_ms = 1'000;
        std::uint64_t view_timeout_ms = 2'000;
        std::uint64_t view_timeout_ms_max = 60'000;
        std::uint64_t resend_ms = 500;
        std::uint64_t block_txns_max = 10'000;
        std::uint64_t clock_drift_ms_max = 10'000;
    };

    struct Mempool {
        std::uint64_t bytes_max = std::uint64_t{64} << 20;
        std::uint64_t count_max = 50'000;
        std::uint64_t sender_count_max = 64;
        std::uint64_t nonce_gap_max = 16;
        std::uint64_t replacement_rise_percent = 10;
    };

    struct Store {
        std::uint64_t cache_bytes = std::uint64_t{8} << 20;
        std::uint64_t write_buffer_bytes = std::uint64_t{8} << 20;
        std::uint64_t state_cache_bytes = std::uint64_t{128} << 20;
        bool compression = false;
    };

    struct Sync {
        std::string start = "blocks";
        std::uint64_t snapshot_wait_ms = 60'000;
        std::uint64_t snapshot_interval = 10'000;
    };

    struct Blobs {
        std::uint64_t quota_bytes = std::uint64_t{16} << 30;
        std::vector<std::string> keep;
    };

    struct Trainer {
        std::string program = "polis-trainer";
        std::string architecture = "task";
        std::string device = "auto";
        std::string listen;
        std::string token_file = "trainer.token";
    };

    struct Log {
        std::string level = "info";
        std::string format = "text";
        std::string file;
    };

    struct Runtime {
        std::uint64_t crypto_threads = 0;
    };

    Node node;
    P2p p2p;
    Rpc rpc;
    Admin admin;
    Consensus consensus;
    Mempool mempool;
    Store store;
    Sync sync;
    Blobs blobs;
    Trainer trainer;
    Log log;
    Runtime runtime;
};

/// One line with cause and cure, and with FILE:LINE where there is one.
using ConfigResult = Result<void, std::string>;

/// Takes over what the file says. @param file names it in errors
/// @error syntax, an unknown key (with the one that was probably meant), a wrong type, a range
[[nodiscard]] ConfigResult apply_toml(
    NodeConfig& config, std::string_view text, std::string_view file);

/// Takes over POLIS_SECTION_KEY=VALUE entries. What begins with POLIS_ and no section's name is not
/// ours. @error an unknown key of a section, a wrong value
[[nodiscard]] ConfigResult apply_environment(
    NodeConfig& config, const std::vector<std::string>& entries);

/// Takes over one value as a person writes it in a flag: --p2p.listen=VALUE has the key
/// "p2p.listen". Lists are separated by commas. @error an unknown key, a wrong value
[[nodiscard]] ConfigResult apply_value(
    NodeConfig& config, std::string_view key, std::string_view value);

/// What no single key shows: addresses that do not parse, times that do not fit together.
[[nodiscard]] ConfigResult check_config(const NodeConfig& config);

/// The whole configuration as the file that apply_toml() reads. With `comments`, each key is
/// explained. There are no secrets in it: those lie in files of their own.
[[nodiscard]] std::string to_toml(const NodeConfig& config, bool comments);

}  // namespace polis::node
