// VRF proofs. The first byte picks: a key, a proof and an input as they come from a peer, or edits
// of a genuine proof. A proof under the genuine key that verifies gives the one genuine output.
#include <array>
#include <cstddef>
#include <cstdint>

#include <core/check.hpp>
#include <core/crypto/ecvrf.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/fuzz/choices.hpp>

namespace polis::crypto {
namespace {

using fuzz::Choices;

const VrfKey& genuine_key() {
    static const VrfKey kKey(Seed(std::array<std::uint8_t, Seed::kSize>{1}));
    return kKey;
}

template <class Fixed>
Fixed take_fixed(Choices& choices) {
    Fixed out;
    std::ranges::copy(choices.take(Fixed::kSize), out.data.begin());
    return out;
}

void run_encoded(Choices choices) {
    const auto key = take_fixed<VrfPublicKey>(choices);
    const auto proof = take_fixed<VrfProof>(choices);
    const ByteView alpha = choices.rest();
    const fuzz::AllocGuard guard(alpha.size());
    const auto output = vrf_verify(key, alpha, proof);
    POLIS_ASSERT(!output || output == vrf_output(proof));
    POLIS_ASSERT(output == vrf_verify(key, alpha, proof));
}

void run_edits(Choices choices) {
    const ByteView alpha = choices.take(choices.byte() % 8);
    const VrfProof genuine = genuine_key().prove(alpha);
    const auto output = vrf_verify(genuine_key().public_key(), alpha, genuine);
    POLIS_ASSERT(output && output == vrf_output(genuine));
    VrfProof edited = genuine;
    while (!choices.empty()) {
        const std::size_t at = choices.byte() % VrfProof::kSize;
        edited.data[at] ^= choices.byte();
    }
    const auto claimed = vrf_verify(genuine_key().public_key(), alpha, edited);
    POLIS_ASSERT(!claimed || claimed == output);
    POLIS_ASSERT(!claimed || edited == genuine);  // s is reduced, c and Gamma are determined
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
