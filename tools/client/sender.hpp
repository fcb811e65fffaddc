#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <ledger/payload.hpp>
#include <ledger/transaction.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

/// From what a person wants to a transaction on the chain.
namespace polis::tools {

/// How many blocks a transaction may wait if nothing else is said.
inline constexpr std::uint64_t kValidForBlocks = 1'000;

struct SendOptions {
    std::optional<Gas> gas_limit;       ///< nothing: what the payload costs
    std::optional<GasPrice> gas_price;  ///< nothing: the least that the chain takes
    std::optional<Nonce> nonce;         ///< nothing: the next one, behind those that wait
    std::uint64_t valid_for = kValidForBlocks;
};

/// What a transaction needs to know of its chain.
struct SenderView {
    ChainId chain_id;
    Height head;
    GasPrice gas_price_min;
    Nonce nonce;
};

/// Asks a node. @error no connection, or an answer without these
[[nodiscard]] Fallible<SenderView> sender_view(RpcClient& client, const Address& sender);

/// Signs. Makes no request.
[[nodiscard]] ledger::Transaction make_txn(
    const SenderView& view,
    const crypto::SigningKey& key,
    ledger::Payload payload,
    const SendOptions& options);

struct Sent {
    Hash id;
    std::string standing;  ///< in the node's words: "ready", "gap"
};

/// @error the node's refusal
[[nodiscard]] Fallible<Sent> send_txn(RpcClient& client, const ledger::Transaction& txn);

/// sender_view(), make_txn() and send_txn().
[[nodiscard]] Fallible<Sent> send_payload(
    RpcClient& client,
    const crypto::SigningKey& key,
    ledger::Payload payload,
    const SendOptions& options);

struct Executed {
    Height height;
    std::uint64_t index = 0;
    Json receipt;

    [[nodiscard]] bool success() const;
    [[nodiscard]] std::string status() const;
};

using SayWaiting = std::function<void(std::string_view line)>;

/// Waits until the transaction is in a finalized block; says once a second that it waits.
/// @error a timeout, or that the node does not know it
[[nodiscard]] Fallible<Executed> wait_txn(
    RpcClient& client, const Hash& id, std::chrono::milliseconds patience, const SayWaiting& say);

/// wait_txn(), and an error if it had no success.
[[nodiscard]] Fallible<Executed> wait_success(
    RpcClient& client, const Hash& id, std::chrono::milliseconds patience, const SayWaiting& say);

}  // namespace polis::tools
