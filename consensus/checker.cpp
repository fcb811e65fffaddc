#include <consensus/checker.hpp>

#include <core/crypto/ecvrf.hpp>
#include <core/crypto/ed25519.hpp>

namespace polis::consensus {

bool PlainChecker::signature_valid(
    const PublicKey& key, ByteView message, const Signature& signature) {
    return crypto::verify(key, message, signature);
}

std::optional<VrfOutput> PlainChecker::vrf_output(
    const VrfPublicKey& key, ByteView input, const VrfProof& proof) {
    return crypto::vrf_verify(key, input, proof);
}

}  // namespace polis::consensus
