#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/client/sender.hpp>
#include <tools/failure.hpp>
#include <tools/learning/task_file.hpp>

/// From a task file to a task on the chain.
namespace polis::tools::learning {

/// Whom it takes to offer a task.
struct OfferParties {
    RpcClient& node;   ///< takes blobs and the transaction
    RpcClient& admin;  ///< operator's port of the node that keeps the key of the test set
    const crypto::SigningKey& owner;
};

struct Offered {
    std::string task;  ///< its id, 0x...
    Sent sent;         ///< the transaction; it may still be waiting
    std::uint64_t training_samples = 0;
    std::uint64_t test_samples = 0;
};

/// Divides the data, seals the test set, stores the parts at the node, leaves the key with the
/// admin's node and sends the transaction.
/// @param tag the owner's own name for the task
/// @error a tag that is too long or was used before; what the data or the node have against it
[[nodiscard]] Fallible<Offered> offer(
    const OfferParties& parties,
    const TaskFile& file,
    const std::string& tag,
    const std::function<void(std::string_view line)>& say);

}  // namespace polis::tools::learning
