#include <consensus/pbft/beacon.hpp>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::pbft {

Bytes beacon_input(ChainId chain, Height height, const Hash& previous) {
    Bytes out;
    codec::encode_to(out, chain);
    codec::encode_to(out, height);
    codec::encode_to(out, previous);
    return out;
}

Hash next_beacon(const Hash& previous, const VrfOutput& output) {
    return crypto::Blake2b256(crypto::kDomainBeacon)
        .update(previous.view())
        .update(output.view())
        .finish();
}

BeaconStep make_beacon(
    const crypto::VrfKey& key, ChainId chain, Height height, const Hash& previous) {
    const VrfProof proof = key.prove(beacon_input(chain, height, previous));
    const std::optional<VrfOutput> output = crypto::vrf_output(proof);
    POLIS_ASSERT(output.has_value());
    return {.proof = proof, .beacon = next_beacon(previous, *output)};
}

bool beacon_valid(
    const BeaconStep& step, const BeaconContext& context, consensus::CryptoChecker& checker) {
    const Bytes input = beacon_input(context.chain, context.height, context.previous);
    const std::optional<VrfOutput> output = checker.vrf_output(context.key, input, step.proof);
    return output && step.beacon == next_beacon(context.previous, *output);
}

}  // namespace polis::pbft
