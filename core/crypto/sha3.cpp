// Apart from the other hashes, because libsodium has no SHA-3: a trainer alone, which never hashes
// for a contract, does without OpenSSL.
#include <openssl/evp.h>

#include <core/check.hpp>
#include <core/crypto/hash.hpp>

namespace polis::crypto {

Hash sha3_256(ByteView message) {
    Hash out;
    unsigned int size = 0;
    const int done =
        EVP_Digest(message.data(), message.size(), out.data.data(), &size, EVP_sha3_256(), nullptr);
    POLIS_ASSERT(done == 1 && size == Hash::kSize);
    return out;
}

}  // namespace polis::crypto
