#include <core/crypto/ecvrf.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/edwards25519.hpp>
#include <core/crypto/sodium_init.hpp>

// Why this equals RFC 9381 for every input, on every version of libsodium.
//
// libsodium multiplies only points of the prime-order subgroup, and its releases disagree about
// which other points they refuse. A hostile key Y or Gamma may carry a component of order 2, 4 or
// 8, and RFC 9381 defines the answer for those too. So the multiplication is split: with c = 8m +
// r,
//
//     c*P = m*(8P) + r*P,    0 <= r < 8.
//
// 8P is in the prime-order subgroup for every P on the curve, so m*(8P) is always allowed; the
// doublings and r*P are additions, which libsodium does for every point on the curve by complete
// formulas. H is 8 times a point by definition, so it needs no split. Nothing is rejected that
// RFC 9381 accepts, nothing accepted that it rejects (sections 5.3, 5.4.1.1, 5.4.4, 5.4.5).
namespace polis::crypto {

namespace {

using Point = std::array<std::uint8_t, 32>;   ///< a canonical encoding of a point on the curve
using Scalar = std::array<std::uint8_t, 32>;  ///< little-endian
using Digest = std::array<std::uint8_t, 64>;

constexpr std::uint8_t kSuite = 0x03;  // ECVRF-EDWARDS25519-SHA512-TAI
constexpr std::uint8_t kEncodeToCurveFront = 0x01;
constexpr std::uint8_t kChallengeFront = 0x02;
constexpr std::uint8_t kProofToHashFront = 0x03;
constexpr std::uint8_t kBack = 0x00;
constexpr std::size_t kChallengeBytes = 16;
constexpr Point kIdentity{1};

Digest sha512(std::initializer_list<ByteView> pieces) {
    crypto_hash_sha512_state state;
    Digest out;
    crypto_hash_sha512_init(&state);
    for (const ByteView piece : pieces) {
        crypto_hash_sha512_update(&state, piece.data(), piece.size());
    }
    crypto_hash_sha512_final(&state, out.data());
    sodium_memzero(&state, sizeof state);
    return out;
}

/// The sum, or nothing if one of the two is not on the curve. Complete: any two points may be
/// added.
std::optional<Point> add(const Point& left, const Point& right) {
    Point out;
    if (crypto_core_ed25519_add(out.data(), left.data(), right.data()) != 0) {
        return std::nullopt;
    }
    return out;
}

Point sum(const Point& left, const Point& right) {
    const auto out = add(left, right);
    POLIS_ASSERT(out.has_value());  // both are on the curve by the type's meaning
    return *out;
}

Point difference(const Point& left, const Point& right) {
    Point out;
    POLIS_ASSERT(crypto_core_ed25519_sub(out.data(), left.data(), right.data()) == 0);
    return out;
}

/// A decoded point with the multiples that the split needs.
struct Multiples {
    std::array<Point, 3> binary;  ///< P, 2P, 4P
    Point eight;                  ///< 8P, in the prime-order subgroup
};

/// string_to_point: nothing unless `bytes` is the canonical encoding of a point on the curve.
std::optional<Multiples> decode_point(ByteView bytes) {
    if (!edwards25519::is_canonical_encoding(bytes)) {
        return std::nullopt;
    }
    Multiples out{};
    std::ranges::copy(bytes, out.binary[0].begin());
    const auto two = add(out.binary[0], out.binary[0]);
    if (!two) {
        return std::nullopt;
    }
    out.binary[1] = *two;
    out.binary[2] = sum(*two, *two);
    out.eight = sum(out.binary[2], out.binary[2]);
    return out;
}

/// A public key that passes key validation (section 5.4.5); nothing for any other.
std::optional<Multiples> decode_key(const VrfPublicKey& key) {
    auto point = decode_point(key.view());
    return point && point->eight != kIdentity ? point : std::nullopt;
}

/// n*P. libsodium refuses to return the identity, so the two ways to get it are handled here.
/// @pre P is in the prime-order subgroup, n < L
Point multiply_prime_order(const Scalar& n, const Point& point) {
    if (sodium_is_zero(n.data(), n.size()) == 1 || point == kIdentity) {
        return kIdentity;
    }
    Point out;
    POLIS_ASSERT(crypto_scalarmult_ed25519_noclamp(out.data(), n.data(), point.data()) == 0);
    return out;
}

/// n*B for the generator B. @pre n < L
Point multiply_base(const Scalar& n) {
    if (sodium_is_zero(n.data(), n.size()) == 1) {
        return kIdentity;
    }
    Point out;
    POLIS_ASSERT(crypto_scalarmult_ed25519_base_noclamp(out.data(), n.data()) == 0);
    return out;
}

/// c*P for any point on the curve, split as described at the top.
Point multiply_any(ByteView challenge, const Multiples& point) {
    Scalar high{};  // c >> 3
    for (std::size_t i = 0; i < challenge.size(); ++i) {
        const unsigned next = i + 1 < challenge.size() ? challenge[i + 1] : 0U;
        high[i] = static_cast<std::uint8_t>((challenge[i] >> 3) | (next << 5));
    }
    Point out = multiply_prime_order(high, point.eight);
    for (std::size_t bit = 0; bit < point.binary.size(); ++bit) {
        if (((challenge[0] >> bit) & 1) != 0) {
            out = sum(out, point.binary[bit]);
        }
    }
    return out;
}

/// ECVRF_encode_to_curve_try_and_increment (section 5.4.1.1), salted with the public key.
/// @return a point of the prime-order subgroup other than the identity
Point encode_to_curve(ByteView key, ByteView alpha) {
    const std::array<std::uint8_t, 2> front{kSuite, kEncodeToCurveFront};
    for (unsigned counter = 0; counter < 256; ++counter) {
        const std::array<std::uint8_t, 2> back{static_cast<std::uint8_t>(counter), kBack};
        const Digest digest = sha512({front, key, alpha, back});
        const auto point = decode_point(ByteView{digest}.first(32));
        if (point && point->eight != kIdentity) {
            return point->eight;
        }
    }
    // Every second counter gives a point: getting here means 256 hashes out of a broken SHA-512.
    POLIS_ASSERT(false);
    return kIdentity;
}

/// ECVRF_challenge_generation (section 5.4.3).
std::array<std::uint8_t, kChallengeBytes> challenge_of(std::initializer_list<ByteView> points) {
    Bytes input{kSuite, kChallengeFront};
    for (const ByteView point : points) {
        append(input, point);
    }
    input.push_back(kBack);
    const Digest digest = sha512({input});
    std::array<std::uint8_t, kChallengeBytes> out{};
    std::ranges::copy(ByteView{digest}.first(kChallengeBytes), out.begin());
    return out;
}

/// ECVRF_proof_to_hash (section 5.2) from 8*Gamma.
VrfOutput output_of(const Point& eight_gamma) {
    const std::array<std::uint8_t, 2> front{kSuite, kProofToHashFront};
    const std::array<std::uint8_t, 1> back{kBack};
    VrfOutput out;
    out.data = sha512({front, eight_gamma, back});
    return out;
}

/// pi_string = Gamma | c | s (section 5.1, step 8).
struct ProofParts {
    ByteView gamma;
    ByteView challenge;
    ByteView response;
};

ProofParts split(const VrfProof& proof) {
    const ByteView all = proof.view();
    return {all.first(32), all.subspan(32, kChallengeBytes), all.last(32)};
}

Scalar scalar_of(ByteView bytes) {
    Scalar out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}

}  // namespace

VrfKey::VrfKey(const Seed& seed) {
    ensure_sodium();
    Digest digest = sha512({seed.view()});
    Digest secret{};
    std::ranges::copy(ByteView{digest}.first(32), secret.begin());
    secret[0] &= 0xf8;
    secret[31] = static_cast<std::uint8_t>((secret[31] & 0x7f) | 0x40);
    // x is a multiple of 8 between 2^254 and 2^255 < 8L, so x mod L is not 0. Only points of order
    // L are multiplied by it, so reducing it changes no result.
    crypto_core_ed25519_scalar_reduce(scalar_.data(), secret.data());
    std::ranges::copy(ByteView{digest}.last(32), nonce_prefix_.begin());
    public_key_.data = multiply_base(scalar_);
    sodium_memzero(digest.data(), digest.size());
    sodium_memzero(secret.data(), secret.size());
}

VrfKey::VrfKey(VrfKey&& other) noexcept { *this = std::move(other); }

VrfKey& VrfKey::operator=(VrfKey&& other) noexcept {
    if (this != &other) {
        scalar_ = other.scalar_;
        nonce_prefix_ = other.nonce_prefix_;
        public_key_ = other.public_key_;
        sodium_memzero(other.scalar_.data(), other.scalar_.size());
        sodium_memzero(other.nonce_prefix_.data(), other.nonce_prefix_.size());
    }
    return *this;
}

VrfKey::~VrfKey() {
    sodium_memzero(scalar_.data(), scalar_.size());
    sodium_memzero(nonce_prefix_.data(), nonce_prefix_.size());
}

VrfProof VrfKey::prove(ByteView alpha) const {
    // A moved-from key would prove for nobody.
    POLIS_ASSERT(sodium_is_zero(scalar_.data(), scalar_.size()) == 0);
    const Point h = encode_to_curve(public_key_.view(), alpha);
    const Point gamma = multiply_prime_order(scalar_, h);

    // The nonce of RFC 8032 (section 5.4.2.2): a repeated input repeats the proof.
    Digest digest = sha512({nonce_prefix_, h});
    Scalar nonce;
    crypto_core_ed25519_scalar_reduce(nonce.data(), digest.data());

    const auto challenge = challenge_of(
        {public_key_.view(), h, gamma, multiply_base(nonce), multiply_prime_order(nonce, h)});
    Scalar response = scalar_of(challenge);  // s = k + c*x mod L
    crypto_core_ed25519_scalar_mul(response.data(), response.data(), scalar_.data());
    crypto_core_ed25519_scalar_add(response.data(), response.data(), nonce.data());
    sodium_memzero(digest.data(), digest.size());
    sodium_memzero(nonce.data(), nonce.size());

    VrfProof proof;
    auto end = std::ranges::copy(gamma, proof.data.begin()).out;
    end = std::ranges::copy(challenge, end).out;
    std::ranges::copy(response, end);
    return proof;
}

bool vrf_key_valid(const VrfPublicKey& key) {
    ensure_sodium();
    return decode_key(key).has_value();
}

std::optional<VrfOutput> vrf_verify(
    const VrfPublicKey& key, ByteView alpha, const VrfProof& proof) {
    ensure_sodium();
    const ProofParts parts = split(proof);
    const auto y = decode_key(key);
    const auto gamma = decode_point(parts.gamma);
    if (!y || !gamma || !edwards25519::is_reduced_scalar(parts.response)) {
        return std::nullopt;
    }
    const Point h = encode_to_curve(key.view(), alpha);
    const Scalar response = scalar_of(parts.response);
    const Point u = difference(multiply_base(response), multiply_any(parts.challenge, *y));
    const Point v =
        difference(multiply_prime_order(response, h), multiply_any(parts.challenge, *gamma));
    if (!equal(challenge_of({key.view(), h, parts.gamma, u, v}), parts.challenge)) {
        return std::nullopt;
    }
    return output_of(gamma->eight);
}

std::optional<VrfOutput> vrf_output(const VrfProof& proof) {
    ensure_sodium();
    const ProofParts parts = split(proof);
    const auto gamma = decode_point(parts.gamma);
    if (!gamma || !edwards25519::is_reduced_scalar(parts.response)) {
        return std::nullopt;
    }
    return output_of(gamma->eight);
}

}  // namespace polis::crypto
