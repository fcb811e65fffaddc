#include <core/crypto/hmac_sha256.hpp>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/sodium_init.hpp>

namespace polis::crypto {

Secret32 hmac_sha256(ByteView key, std::initializer_list<ByteView> pieces) {
    ensure_sodium();
    crypto_auth_hmacsha256_state state;
    // libsodium wants a pointer also where there are no bytes.
    const std::uint8_t none = 0;
    int failed = crypto_auth_hmacsha256_init(&state, key.empty() ? &none : key.data(), key.size());
    for (const ByteView piece : pieces) {
        failed |= crypto_auth_hmacsha256_update(&state, piece.data(), piece.size());
    }
    Secret32 out;
    failed |= crypto_auth_hmacsha256_final(&state, out.mutable_view().data());
    sodium_memzero(&state, sizeof(state));
    POLIS_ASSERT(failed == 0);
    return out;
}

}  // namespace polis::crypto
