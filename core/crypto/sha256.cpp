#include <core/crypto/sha256.hpp>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/sodium_init.hpp>

namespace polis::crypto {

Hash sha256(std::initializer_list<ByteView> pieces) {
    ensure_sodium();
    crypto_hash_sha256_state state;
    int failed = crypto_hash_sha256_init(&state);
    for (const ByteView piece : pieces) {
        failed |= crypto_hash_sha256_update(&state, piece.data(), piece.size());
    }
    Hash out;
    failed |= crypto_hash_sha256_final(&state, out.data.data());
    POLIS_ASSERT(failed == 0);
    return out;
}

}  // namespace polis::crypto
