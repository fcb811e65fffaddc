#pragma once

#include <cstdint>
#include <span>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>

namespace polis::crypto {

/// A signature to check; the message is not owned.
struct SignedMessage {
    PublicKey key;
    ByteView message;
    Signature signature;
};

/// Sets ok[i] to 1 if verify() accepts messages[i], else to 0, on all threads of the pool. Each
/// signature is decided on its own: algebraic batching accepts sets that verify() refuses.
/// @pre ok.size() == messages.size(); the pool is idle
void verify_batch(
    WorkerPool& pool, std::span<const SignedMessage> messages, std::span<std::uint8_t> ok);

}  // namespace polis::crypto
