#include <core/crypto/chacha20_poly1305.hpp>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/sodium_init.hpp>

namespace polis::crypto {

void aead_seal(
    std::span<std::uint8_t> out,
    const Secret32& key,
    const AeadNonce& nonce,
    ByteView associated,
    ByteView plain) {
    POLIS_ASSERT_OP(out.size(), ==, plain.size() + kAeadTagBytes);
    ensure_sodium();
    const int failed = crypto_aead_chacha20poly1305_ietf_encrypt(
        out.data(),
        /*clen_p=*/nullptr,
        plain.data(),
        plain.size(),
        associated.data(),
        associated.size(),
        /*nsec=*/nullptr,
        nonce.data(),
        key.view().data());
    POLIS_ASSERT(failed == 0);
}

bool aead_open(
    std::span<std::uint8_t> out,
    const Secret32& key,
    const AeadNonce& nonce,
    ByteView associated,
    ByteView sealed) {
    POLIS_ASSERT_OP(sealed.size(), >=, kAeadTagBytes);
    POLIS_ASSERT_OP(out.size(), ==, sealed.size() - kAeadTagBytes);
    ensure_sodium();
    return crypto_aead_chacha20poly1305_ietf_decrypt(
               out.data(),
               /*mlen_p=*/nullptr,
               /*nsec=*/nullptr,
               sealed.data(),
               sealed.size(),
               associated.data(),
               associated.size(),
               nonce.data(),
               key.view().data()) == 0;
}

}  // namespace polis::crypto
