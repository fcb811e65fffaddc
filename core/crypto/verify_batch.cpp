#include <cstddef>

#include <core/check.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/verify_batch.hpp>

namespace polis::crypto {

namespace {

/// About half a millisecond of work: long against waking a thread, short against waiting for one.
constexpr std::size_t kSignaturesPerChunk = 8;

}  // namespace

void verify_batch(
    WorkerPool& pool, std::span<const SignedMessage> messages, std::span<std::uint8_t> ok) {
    POLIS_ASSERT_OP(ok.size(), ==, messages.size());
    const auto task = [messages, ok](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const SignedMessage& item = messages[i];
            ok[i] = verify(item.key, item.message, item.signature) ? 1 : 0;
        }
    };
    pool.run(messages.size(), task, kSignaturesPerChunk);
}

}  // namespace polis::crypto
