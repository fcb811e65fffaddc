#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <tuple>

#include <consensus/checker.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::sim {

/// Asks core/crypto once for each signature and proof of a run. All nodes of the run share it: they
/// would all compute the same.
class MemoChecker final : public consensus::CryptoChecker {
  public:
    [[nodiscard]] bool signature_valid(
        const PublicKey& key, ByteView message, const Signature& signature) override;
    [[nodiscard]] std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& key, ByteView input, const VrfProof& proof) override;

    /// Questions that core/crypto had to answer.
    [[nodiscard]] std::size_t computed() const { return signatures_.size() + proofs_.size(); }

  private:
    consensus::PlainChecker plain_;
    std::map<std::tuple<Signature, PublicKey, Bytes>, bool> signatures_;
    std::map<std::tuple<VrfProof, VrfPublicKey, Bytes>, std::optional<VrfOutput>> proofs_;
};

}  // namespace polis::sim
