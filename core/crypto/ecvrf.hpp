#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>

/// ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381, section 5 and suite 3), on libsodium's group
/// operations. Inputs are public here, so try-and-increment leaks nothing. A VRF key is never a
/// signing key.
namespace polis::crypto {

/// Wiped at the end of its life; move-only.
class VrfKey {
  public:
    explicit VrfKey(const Seed& seed);

    VrfKey(VrfKey&& other) noexcept;
    VrfKey& operator=(VrfKey&& other) noexcept;
    VrfKey(const VrfKey&) = delete;
    VrfKey& operator=(const VrfKey&) = delete;
    ~VrfKey();

    [[nodiscard]] const VrfPublicKey& public_key() const { return public_key_; }

    /// RFC 9381, section 5.1. Deterministic: one proof per key and input.
    [[nodiscard]] VrfProof prove(ByteView alpha) const;

  private:
    std::array<std::uint8_t, 32> scalar_{};        ///< x
    std::array<std::uint8_t, 32> nonce_prefix_{};  ///< second half of SHA-512(seed)
    VrfPublicKey public_key_;
};

/// Key validation of RFC 9381, section 5.4.5: the canonical encoding of a point whose order does
/// not divide 8. For any other key nobody can make proofs, or anybody can.
[[nodiscard]] bool vrf_key_valid(const VrfPublicKey& key);

/// RFC 9381, section 5.3, with vrf_key_valid(): also rejects Gamma that are not canonical points,
/// and s >= L.
/// @return the output beta, or nothing for an invalid proof.
[[nodiscard]] std::optional<VrfOutput> vrf_verify(
    const VrfPublicKey& key, ByteView alpha, const VrfProof& proof);

/// beta of a proof that the caller made or has verified (RFC 9381, section 5.2); nothing if Gamma
/// is not a point or s is out of range.
[[nodiscard]] std::optional<VrfOutput> vrf_output(const VrfProof& proof);

}  // namespace polis::crypto
