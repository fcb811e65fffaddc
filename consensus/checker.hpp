#pragma once

#include <optional>

#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::consensus {

/// Who answers for signatures and proofs. They are the dearest work of a node, so a node remembers
/// what it has checked, and a simulator of many nodes checks each only once. An implementation may
/// cache; it may never answer differently from core/crypto.
class CryptoChecker {
  public:
    virtual ~CryptoChecker() = default;

    [[nodiscard]] virtual bool signature_valid(
        const PublicKey& key, ByteView message, const Signature& signature) = 0;

    /// @return the output, or nothing for an invalid proof
    [[nodiscard]] virtual std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& key, ByteView input, const VrfProof& proof) = 0;
};

/// Asks core/crypto every time.
class PlainChecker final : public CryptoChecker {
  public:
    [[nodiscard]] bool signature_valid(
        const PublicKey& key, ByteView message, const Signature& signature) override;
    [[nodiscard]] std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& key, ByteView input, const VrfProof& proof) override;
};

}  // namespace polis::consensus
