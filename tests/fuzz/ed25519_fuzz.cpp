// Signatures. The first byte picks: a key, a signature and a message as they come from a peer, or
// edits of a genuine signature. What we accept, libsodium accepts; and nobody without the key makes
// a second signature of a message that we accept.
#include <array>
#include <cstddef>
#include <cstdint>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/ed25519.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/fuzz/choices.hpp>

namespace polis::crypto {
namespace {

using fuzz::Choices;

constexpr std::array<std::uint8_t, 32> kOrder{
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

const SigningKey& genuine_key() {
    static const SigningKey kKey(Seed(std::array<std::uint8_t, Seed::kSize>{1}));
    return kKey;
}

bool accepted(const PublicKey& key, ByteView message, const Signature& signature) {
    const fuzz::AllocGuard guard(message.size());
    const bool ours = verify(key, message, signature);
    const bool theirs =
        crypto_sign_verify_detached(
            signature.data.data(), message.data(), message.size(), key.data.data()) == 0;
    POLIS_ASSERT(theirs || !ours);
    return ours;
}

void run_encoded(Choices choices) {
    PublicKey key;
    Signature signature;
    std::ranges::copy(choices.take(PublicKey::kSize), key.data.begin());
    std::ranges::copy(choices.take(Signature::kSize), signature.data.begin());
    (void)accepted(key, choices.rest(), signature);
}

/// S + L: the same scalar, written a second way.
void add_order(Signature& signature) {
    unsigned carry = 0;
    for (std::size_t i = 0; i < kOrder.size(); ++i) {
        carry += signature.data[32 + i] + unsigned{kOrder[i]};
        signature.data[32 + i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
}

void run_edits(Choices choices) {
    const std::uint8_t orders = choices.byte() % 8;
    const ByteView message = choices.take(choices.byte());
    const Signature genuine = genuine_key().sign(message);
    Signature edited = genuine;
    PublicKey key = genuine_key().public_key();
    POLIS_ASSERT(accepted(key, message, edited));
    for (std::uint8_t i = 0; i < orders; ++i) {
        add_order(edited);
    }
    while (!choices.empty()) {
        const std::size_t at = choices.byte() % (Signature::kSize + PublicKey::kSize);
        std::uint8_t& byte =
            at < Signature::kSize ? edited.data[at] : key.data[at - Signature::kSize];
        byte ^= choices.byte();
    }
    const bool same = edited == genuine && key == genuine_key().public_key();
    POLIS_ASSERT(accepted(key, message, edited) == same);
}

}  // namespace
}  // namespace polis::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        polis::crypto::run_encoded(choices);
    } else {
        polis::crypto::run_edits(choices);
    }
    return 0;
}
