#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/client/sender.hpp>
#include <tools/polis/command.hpp>

/// Which node a command asks, and with whose key it signs.
namespace polis::tools {

struct NodeOptions {
    std::string rpc;  ///< empty: the devnet here, or the default port
    bool json = false;
};

/// Adds --rpc (or POLIS_RPC) and --json.
void add_node_options(CLI::App& command, NodeOptions& options);

/// The node of --rpc; else a running node of the devnet in this directory; else the default port.
[[nodiscard]] Fallible<RpcClient> connect(const NodeOptions& options);

/// call(), its error as one of a command.
[[nodiscard]] Fallible<Json> ask(
    RpcClient& client, std::string_view method, Json params = Json::object());

/// Adds --keys (or POLIS_KEYS).
void add_keys_option(CLI::App& command, std::string& directory);

/// The directory of --keys, or ~/.polis/keys.
[[nodiscard]] Fallible<std::string> keys_directory(const std::string& option);

/// The file of a key of this name. @error a name that is no file name
[[nodiscard]] Fallible<std::string> key_path(const std::string& directory, const std::string& name);

/// "dev:0" is an account of the devnet here, "alice" a key of the directory, and what holds a slash
/// a key file. @error none of these
[[nodiscard]] Fallible<crypto::SigningKey> signing_key(
    const std::string& name, const std::string& keys_option);

/// An address, or that of what signing_key() finds.
[[nodiscard]] Fallible<Address> resolve_address(
    const std::string& text, const std::string& keys_option);

/// "1.5" POLIS. @error for a person, naming the option
[[nodiscard]] Fallible<Amount> parse_amount(const std::string& text, std::string_view option);

/// What every command has that sends a transaction.
struct SigningOptions {
    NodeOptions node;
    std::string from;
    std::string keys;
    std::uint64_t gas = 0;  ///< 0: as needed
    std::string gas_price;
    std::string nonce;
    std::uint64_t valid_for = kValidForBlocks;
    bool wait = false;
    std::uint64_t timeout_s = 60;
};

void add_signing_options(CLI::App& command, SigningOptions& options);

/// A transaction that a node has taken.
struct SignedSend {
    Sent sent;
    ledger::Transaction txn;
};

/// Signs and sends.
[[nodiscard]] Fallible<SignedSend> sign_and_send(
    RpcClient& client, const SigningOptions& options, ledger::Payload payload);

/// Signs, sends, waits if asked to, and prints what became of it. With `wait`, `more` may add to
/// the report.
[[nodiscard]] Outcome send_and_report(const SigningOptions& options, ledger::Payload payload);

/// Lines on standard error while a command waits.
void say_progress(std::string_view line);

}  // namespace polis::tools
