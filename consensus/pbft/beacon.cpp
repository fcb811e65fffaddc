#include <consensus/pbft/beacon.hpp>

#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::pbft {

Bytes beacon_input(ChainId chain, Height height, const Hash& previous) {
    Bytes out = codec::encode(chain);
    codec::encode_to(out, height);
    codec::encode_to(out, previous);
    return out;
}

Hash next_beacon(const Hash& previous, const VrfOutput& output) {
    Bytes bytes = to_bytes(previous.view());
    append(bytes, output.view());
    return crypto::blake2b_256(crypto::kDomainBeacon, bytes);
}

BeaconStep make_beacon(
    const crypto::VrfKey& key, ChainId chain, Height height, const Hash& previous) {
    const Bytes input = beacon_input(chain, height, previous);
    const VrfProof proof = key.prove(input);
    const auto output = crypto::vrf_verify(key.public_key(), input, proof);
    return {.proof = proof, .beacon = next_beacon(previous, *output)};
}

bool beacon_valid(
    const BeaconStep& step, const BeaconContext& context, consensus::CryptoChecker& checker) {
    const auto output = checker.vrf_output(
        context.key, beacon_input(context.chain, context.height, context.previous), step.proof);
    return output && next_beacon(context.previous, *output) == step.beacon;
}

}  // namespace polis::pbft
