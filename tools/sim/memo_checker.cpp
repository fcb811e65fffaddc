#include <tools/sim/memo_checker.hpp>

namespace polis::sim {

bool MemoChecker::signature_valid(
    const PublicKey& key, ByteView message, const Signature& signature) {
    const auto [place, fresh] =
        signatures_.try_emplace(std::tuple{signature, key, to_bytes(message)});
    if (fresh) {
        place->second = plain_.signature_valid(key, message, signature);
    }
    return place->second;
}

std::optional<VrfOutput> MemoChecker::vrf_output(
    const VrfPublicKey& key, ByteView input, const VrfProof& proof) {
    const auto [place, fresh] = proofs_.try_emplace(std::tuple{proof, key, to_bytes(input)});
    if (fresh) {
        place->second = plain_.vrf_output(key, input, proof);
    }
    return place->second;
}

}  // namespace polis::sim
