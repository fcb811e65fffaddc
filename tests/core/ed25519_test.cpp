// Ed25519: RFC 8032 and Wycheproof vectors, and the acceptance rules [E1] to [E5] of
// docs/spec/crypto.md one by one. Signatures with mixed-order keys and nonces, where verifiers are
// known to disagree, are compared with OpenSSL, which shares the equation [E5] but no code.
#include <core/crypto/ed25519.hpp>

#include <memory>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sodium.h>

#include <core/crypto/edwards25519.hpp>
#include <core/crypto/verify_batch.hpp>
#include <core/random.hpp>
#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

using tests::hex_bytes;
using tests::hex_fixed;
using Point = std::array<std::uint8_t, 32>;
using Scalar = std::array<std::uint8_t, 32>;

constexpr std::string_view kOrderHex =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
constexpr std::string_view kOrderEightHex =
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";

Point point_of(std::string_view hex) {
    Point out;
    std::ranges::copy(hex_bytes(hex), out.begin());
    return out;
}

Point add(const Point& left, const Point& right) {
    Point out;
    EXPECT_EQ(crypto_core_ed25519_add(out.data(), left.data(), right.data()), 0);
    return out;
}

/// The eight points whose order divides 8, as multiples of one of order 8.
std::array<Point, 8> torsion_points() {
    std::array<Point, 8> out{};
    out[0] = Point{1};
    for (std::size_t i = 1; i < out.size(); ++i) {
        out[i] = add(out[i - 1], point_of(kOrderEightHex));
    }
    return out;
}

Scalar random_scalar(Random& random) {
    std::array<std::uint8_t, 64> wide{};
    random.fill(wide);
    Scalar out;
    crypto_core_ed25519_scalar_reduce(out.data(), wide.data());
    return out;
}

Point base_multiple(const Scalar& scalar) {
    Point out;
    EXPECT_EQ(crypto_scalarmult_ed25519_base_noclamp(out.data(), scalar.data()), 0);
    return out;
}

/// S = r + H(R, A, M) * a for any encodings of R and A.
Signature sign_with(
    const Scalar& nonce, const Point& r, const Scalar& secret, const Point& key, ByteView message) {
    Bytes input = to_bytes(r);
    append(input, key);
    append(input, message);
    std::array<std::uint8_t, 64> digest;
    crypto_hash_sha512(digest.data(), input.data(), input.size());
    Scalar s;
    crypto_core_ed25519_scalar_reduce(s.data(), digest.data());
    crypto_core_ed25519_scalar_mul(s.data(), s.data(), secret.data());
    crypto_core_ed25519_scalar_add(s.data(), s.data(), nonce.data());
    Signature out;
    std::ranges::copy(s, std::ranges::copy(r, out.data.begin()).out);
    return out;
}

/// OpenSSL's verdict: S < L and the equation [E5]; points of small order pass.
bool openssl_accepts(const PublicKey& key, ByteView message, const Signature& signature) {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> handle(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data.data(), key.data.size()),
        EVP_PKEY_free);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
        EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EXPECT_EQ(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()), 1);
    return EVP_DigestVerify(
               context.get(),
               signature.data.data(),
               signature.data.size(),
               message.data(),
               message.size()) == 1;
}

SigningKey test_key() { return SigningKey(Seed(Bytes(32, 0x42))); }

/// Replaces s by s + L, the same number modulo L.
Signature with_order_added(Signature signature) {
    const Bytes order = hex_bytes(kOrderHex);
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        carry += static_cast<unsigned>(signature.data[32 + i]) + order[i];
        signature.data[32 + i] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    EXPECT_EQ(carry, 0U);
    return signature;
}

/// RFC 8032, section 7.1, tests 1 and 2.
TEST(Ed25519, rfc_8032_examples) {
    const SigningKey first(
        Seed(hex_bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
    EXPECT_EQ(
        first.public_key(),
        hex_fixed<PublicKey>("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
    EXPECT_EQ(
        first.sign({}),
        hex_fixed<Signature>("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                             "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
    const SigningKey second(
        Seed(hex_bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
    EXPECT_EQ(
        second.sign(Bytes{0x72}),
        hex_fixed<Signature>("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                             "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
}

TEST(Ed25519, wycheproof) {
    POLIS_NEEDS_VECTORS();
    int accepted = 0;
    int rejected = 0;
    int rejected_by_size = 0;  // not 64 bytes: the type Signature cannot hold them
    const auto file = tests::read_json_vectors("wycheproof/ed25519_test.json");
    for (const auto& group : file.at("testGroups")) {
        const auto key = hex_fixed<PublicKey>(group.at("publicKey").at("pk").get<std::string>());
        for (const auto& test : group.at("tests")) {
            const bool valid = test.at("result").get<std::string>() == "valid";
            const Bytes message = hex_bytes(test.at("msg").get<std::string>());
            const Bytes signature = hex_bytes(test.at("sig").get<std::string>());
            if (signature.size() != Signature::kSize) {
                EXPECT_FALSE(valid) << test.at("tcId");
                ++rejected_by_size;
                continue;
            }
            EXPECT_EQ(verify(key, message, Signature::from_view(signature)), valid)
                << test.at("tcId");
            ++(valid ? accepted : rejected);
        }
    }
    EXPECT_EQ(accepted, 88);
    EXPECT_EQ(rejected, 51);
    EXPECT_EQ(rejected_by_size, 12);
}

TEST(Ed25519, any_flipped_bit_is_refused) {
    const SigningKey key = test_key();
    const Bytes message = hex_bytes("00112233");
    const Signature signature = key.sign(message);
    ASSERT_TRUE(verify(key.public_key(), message, signature));
    for (std::size_t bit = 0; bit < 512; ++bit) {
        Signature changed = signature;
        changed.data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(verify(key.public_key(), message, changed)) << bit;
    }
    for (std::size_t bit = 0; bit < 256; ++bit) {
        PublicKey changed = key.public_key();
        changed.data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        EXPECT_FALSE(verify(changed, message, signature)) << bit;
    }
    EXPECT_FALSE(verify(key.public_key(), Bytes{}, signature));
}

TEST(Ed25519, e1_scalar_is_below_the_order) {
    const SigningKey key = test_key();
    Signature signature = key.sign({});
    for (int times = 1; times <= 14; ++times) {  // s + 15L does not always fit 32 bytes
        signature = with_order_added(signature);
        EXPECT_FALSE(verify(key.public_key(), {}, signature)) << times;
    }
    Bytes order = hex_bytes(kOrderHex);
    EXPECT_FALSE(edwards25519::is_reduced_scalar(order));
    order[0] -= 1;
    EXPECT_TRUE(edwards25519::is_reduced_scalar(order));
    EXPECT_TRUE(edwards25519::is_reduced_scalar(Bytes(32)));
    EXPECT_FALSE(edwards25519::is_reduced_scalar(Bytes(32, 0xff)));
}

TEST(Ed25519, e2_key_is_a_canonical_point) {
    // Every y from p to 2^255 - 1, and the two points with x = 0 and a sign: all non-canonical.
    for (unsigned low = 0xed; low <= 0xff; ++low) {
        for (const unsigned high : {0x7fU, 0xffU}) {
            Point bytes;
            bytes.fill(0xff);
            bytes[0] = static_cast<std::uint8_t>(low);
            bytes[31] = static_cast<std::uint8_t>(high);
            EXPECT_FALSE(edwards25519::is_canonical_encoding(bytes));
            // S = 0 and R = identity verify for any decodable A of small order in a lenient
            // verifier.
            Signature forged;
            forged.data[0] = 1;
            EXPECT_FALSE(verify(PublicKey{bytes}, {}, forged));
        }
    }
    Point bytes{1};
    EXPECT_TRUE(edwards25519::is_canonical_encoding(bytes));
    bytes[31] = 0x80;
    EXPECT_FALSE(edwards25519::is_canonical_encoding(bytes));
    bytes.fill(0xff);
    bytes[0] = 0xec;
    EXPECT_FALSE(edwards25519::is_canonical_encoding(bytes));
    bytes[31] = 0x7f;
    EXPECT_TRUE(edwards25519::is_canonical_encoding(bytes));
    // y = 2 is on no point of the curve.
    EXPECT_FALSE(verify(PublicKey{Point{2}}, {}, test_key().sign({})));
}

TEST(Ed25519, e3_e4_points_of_small_order_are_refused) {
    ASSERT_GE(sodium_init(), 0);
    Random random(40);
    for (const Point& point : torsion_points()) {
        EXPECT_TRUE(edwards25519::is_canonical_encoding(point));
        EXPECT_TRUE(edwards25519::is_small_order(point));
        // Key of small order, secret 0: the equation holds whenever h times it vanishes.
        const Scalar nonce = random_scalar(random);
        int openssl_accepted = 0;
        for (std::uint8_t i = 0; i < 32; ++i) {
            const Bytes message{i};
            const Signature signature =
                sign_with(nonce, base_multiple(nonce), Scalar{}, point, message);
            EXPECT_FALSE(verify(PublicKey{point}, message, signature));
            openssl_accepted += openssl_accepts(PublicKey{point}, message, signature) ? 1 : 0;
        }
        EXPECT_GT(openssl_accepted, 0);  // without the rule they would be valid
        // R of small order, nonce 0.
        const Scalar secret = random_scalar(random);
        const Point key = base_multiple(secret);
        const Signature signature = sign_with(Scalar{}, point, secret, key, {});
        EXPECT_FALSE(verify(PublicKey{key}, {}, signature));
        EXPECT_EQ(openssl_accepts(PublicKey{key}, {}, signature), point == Point{1});
    }
    EXPECT_FALSE(edwards25519::is_small_order(test_key().public_key().view()));
}

TEST(Ed25519, e4_r_is_canonical) {
    // R = identity written as y = p + 1: a verifier that decodes R would accept it.
    Random random(41);
    const Scalar secret = random_scalar(random);
    const Point key = base_multiple(secret);
    Point r;
    r.fill(0xff);
    r[0] = 0xee;
    r[31] = 0x7f;
    EXPECT_FALSE(verify(PublicKey{key}, {}, sign_with(Scalar{}, r, secret, key, {})));
}

TEST(Ed25519, e5_equation_is_cofactorless) {
    ASSERT_GE(sodium_init(), 0);
    const auto torsion = torsion_points();
    Random random(42);
    int accepted_mixed = 0;
    int refused = 0;
    for (int i = 0; i < 1500; ++i) {
        const Scalar secret = random_scalar(random);
        const Scalar nonce = random_scalar(random);
        const std::size_t key_torsion = random.below(8);
        const std::size_t nonce_torsion = random.below(8);
        const Point key = add(base_multiple(secret), torsion[key_torsion]);
        const Point r = add(base_multiple(nonce), torsion[nonce_torsion]);
        Bytes message(random.below(50));
        random.fill(message);
        const Signature signature = sign_with(nonce, r, secret, key, message);
        const bool accepted = verify(PublicKey{key}, message, signature);
        EXPECT_EQ(accepted, openssl_accepts(PublicKey{key}, message, signature));
        refused += accepted ? 0 : 1;
        accepted_mixed += accepted && key_torsion != 0 ? 1 : 0;
    }
    EXPECT_GT(accepted_mixed, 50);
    EXPECT_GT(refused, 500);  // a cofactored verifier would accept all of them
}

TEST(Ed25519, keys_move_and_generate) {
    SigningKey key = test_key();
    const PublicKey public_key = key.public_key();
    SigningKey moved = std::move(key);
    EXPECT_TRUE(verify(public_key, {}, moved.sign({})));
    key = std::move(moved);
    EXPECT_TRUE(verify(public_key, {}, key.sign({})));
    Seed seed = Seed::generate();
    const Bytes copy = to_bytes(seed.view());
    EXPECT_FALSE(equal(copy, Seed::generate().view()));
    const Seed taken = std::move(seed);
    EXPECT_TRUE(equal(taken.view(), copy));
}

TEST(Ed25519DeathTest, a_moved_key_does_not_sign) {
    SigningKey key = test_key();
    const SigningKey moved = std::move(key);
    EXPECT_DEATH((void)key.sign({}), "sodium_is_zero");  // NOLINT(bugprone-use-after-move)
}

TEST(VerifyBatch, agrees_with_single_verification) {
    const SigningKey key = test_key();
    Random random(43);
    std::vector<Bytes> messages(203);
    std::vector<SignedMessage> batch;
    for (Bytes& message : messages) {
        message.resize(random.below(100));
        random.fill(message);
        SignedMessage item{key.public_key(), message, key.sign(message)};
        if (random.chance(1, 3)) {
            random.pick(item.signature.data) ^= 1;
        }
        batch.push_back(item);
    }
    for (const std::size_t threads : {0U, 4U}) {
        WorkerPool pool(threads);
        std::vector<std::uint8_t> ok(batch.size(), 7);
        verify_batch(pool, batch, ok);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const bool expected = verify(batch[i].key, batch[i].message, batch[i].signature);
            EXPECT_EQ(ok[i], expected ? 1 : 0) << i;
        }
        verify_batch(pool, {}, {});
    }
}

}  // namespace
}  // namespace polis::crypto
