#include <consensus/sync/messages.hpp>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::sync {

Hash manifest_hash(ByteView manifest) {
    return crypto::blake2b_256(crypto::kDomainManifest, manifest);
}

}  // namespace polis::sync
