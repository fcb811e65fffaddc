#pragma once

#include <optional>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/types.hpp>

/// The randomness of the chain: each block's proposer adds the output of its VRF over what came
/// before, which it cannot choose. Withholding a block costs the slot and buys one bit. Spec [R1]
/// to [R3] of pbft.md.
namespace polis::pbft {

/// The VRF's input: chain id, height and the previous beacon.
[[nodiscard]] Bytes beacon_input(ChainId chain, Height height, const Hash& previous);

/// BLAKE2b-256, tag `polis.beacon`, of the previous beacon and the output.
[[nodiscard]] Hash next_beacon(const Hash& previous, const VrfOutput& output);

struct BeaconStep {
    VrfProof proof;
    Hash beacon;

    bool operator==(const BeaconStep&) const = default;
};

/// The step that the holder of `key` makes at `height`; it has exactly one.
[[nodiscard]] BeaconStep make_beacon(
    const crypto::VrfKey& key, ChainId chain, Height height, const Hash& previous);

/// Whose step it is and what it follows.
struct BeaconContext {
    VrfPublicKey key;
    ChainId chain;
    Height height;
    Hash previous;
};

/// True if `step` is what the holder of the context's key must say.
[[nodiscard]] bool beacon_valid(
    const BeaconStep& step, const BeaconContext& context, consensus::CryptoChecker& checker);

}  // namespace polis::pbft
