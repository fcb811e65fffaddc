#include <core/crypto/ed25519.hpp>

#include <algorithm>
#include <string_view>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/edwards25519.hpp>
#include <core/crypto/sodium_init.hpp>
#include <core/hex.hpp>

namespace polis::crypto {

namespace {

/// Signatures under A = a*B + T with T of order 8, and under R of that kind: here, and only here,
/// the cofactorless equation [E5] and the cofactored one of other verifiers disagree. Made with
/// independent arithmetic; tests/core/ed25519_test.cpp has the same cases against OpenSSL.
struct TorsionCase {
    std::string_view key;
    std::uint8_t message;
    std::string_view signature;
    bool valid;
};

constexpr std::string_view kMixedOrderKey =
    "8d693d8fccb31ccf4488b03ca1a4d65e17e21173b88e117f3375d2fabb3c7f31";

constexpr std::array kTorsionCases{
    TorsionCase{
        kMixedOrderKey,
        0x00,
        "87d0ecc825b76bb2b57c7bb70b8a05d4f41ef3698018bc09fb5bc76a56a8e60b"
        "0322f838112da237f350bddc39edc7c9b598ec9ce90205873b32a47932f9c60d",
        false},
    TorsionCase{
        kMixedOrderKey,
        0x07,
        "3c9485f9ae561a67b7577ab9f87195cd817b4a4289e3fd38be350253cb0ab48d"
        "7262d3733b4818599054dbda7080e4cff6e7f49f32d968a330f025fbdaf03301",
        true},
    TorsionCase{
        "977730ee78c72ecd7dd31fa1cf7817ad0e5a86ebd460b2bc12c36c24edb4314c",
        0x01,
        "162068416bec0788c6fe54c20d6aac60a55782cb9d2abbbc533c385207031ed8"
        "9d69744fe709876d363bd5066801b708c62f728729f0cadc850bea7589c1fe09",
        false},
};

bool library_accepts(const PublicKey& key, ByteView message, const Signature& signature) {
    return crypto_sign_verify_detached(
               signature.data.data(), message.data(), message.size(), key.data.data()) == 0;
}

/// True if this libsodium decides by [E5]. A node on another kind would leave the chain at the
/// first signature made to tell them apart, so it must not start.
bool library_is_cofactorless() {
    for (const TorsionCase& item : kTorsionCases) {
        const auto key = fixed_from_hex<PublicKey>(item.key);
        const auto signature = fixed_from_hex<Signature>(item.signature);
        const std::array<std::uint8_t, 1> message{item.message};
        if (!key || !signature || library_accepts(*key, message, *signature) != item.valid) {
            return false;
        }
    }
    return true;
}

}  // namespace

Seed::Seed(ByteView bytes) {
    POLIS_ASSERT_OP(bytes.size(), ==, kSize);
    std::ranges::copy(bytes, data_.begin());
}

Seed Seed::generate() {
    ensure_sodium();
    std::array<std::uint8_t, kSize> fresh{};
    randombytes_buf(fresh.data(), fresh.size());
    Seed out(fresh);
    sodium_memzero(fresh.data(), fresh.size());
    return out;
}

Seed::Seed(Seed&& other) noexcept : data_(other.data_) {
    sodium_memzero(other.data_.data(), kSize);
}

Seed& Seed::operator=(Seed&& other) noexcept {
    if (this != &other) {
        data_ = other.data_;
        sodium_memzero(other.data_.data(), kSize);
    }
    return *this;
}

Seed::~Seed() { sodium_memzero(data_.data(), kSize); }

SigningKey::SigningKey(const Seed& seed) {
    ensure_sodium();
    const int failed =
        crypto_sign_seed_keypair(public_key_.data.data(), secret_.data(), seed.view().data());
    POLIS_ASSERT(failed == 0);
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(other.secret_), public_key_(other.public_key_) {
    sodium_memzero(other.secret_.data(), other.secret_.size());
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
    if (this != &other) {
        secret_ = other.secret_;
        public_key_ = other.public_key_;
        sodium_memzero(other.secret_.data(), other.secret_.size());
    }
    return *this;
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

Signature SigningKey::sign(ByteView message) const {
    // A moved-from key would sign under a key that everybody knows.
    POLIS_ASSERT(sodium_is_zero(secret_.data(), secret_.size()) == 0);
    Signature out;
    const int failed = crypto_sign_detached(
        out.data.data(), /*siglen_p=*/nullptr, message.data(), message.size(), secret_.data());
    POLIS_ASSERT(failed == 0);
    return out;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
    ensure_sodium();
    static const bool known_library = library_is_cofactorless();
    POLIS_ASSERT(known_library);
    const ByteView r = signature.view().first(32);
    const ByteView s = signature.view().last(32);
    // libsodium 1.0.18 makes the same checks, but they depend on its version and build options.
    const bool well_formed = edwards25519::is_reduced_scalar(s) &&               // [E1]
                             edwards25519::is_canonical_encoding(key.view()) &&  // [E2]
                             !edwards25519::is_small_order(key.view()) &&        // [E3]
                             edwards25519::is_canonical_encoding(r) &&           // [E4]
                             !edwards25519::is_small_order(r);                   // [E4]
    return well_formed && library_accepts(key, message, signature);              // [E2] curve, [E5]
}

}  // namespace polis::crypto
