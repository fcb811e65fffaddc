// ECVRF: the RFC 9381 examples of our suite, mutated proofs, and hostile proofs with components of
// small order. The hostile ones were made and decided by a separate Python program that follows
// RFC 9381 with plain affine arithmetic, so the answers do not depend on libsodium.
#include <core/crypto/ecvrf.hpp>

#include <gtest/gtest.h>
#include <sodium.h>

#include <core/crypto/edwards25519.hpp>
#include <core/random.hpp>
#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

using tests::hex_bytes;
using tests::hex_fixed;

VrfKey test_key() { return VrfKey(Seed(Bytes(32, 0x51))); }

TEST(Ecvrf, rfc_9381_appendix_b) {
    POLIS_NEEDS_VECTORS();
    int checked = 0;
    int skipped = 0;  // P-256 (10 to 15) and Elligator 2 (19 to 21): suites that Polis does not use
    const auto file = tests::read_json_vectors("ecvrf/rfc9381_appendix_b.json");
    for (const auto& vector : file.at("vectors")) {
        if (vector.at("suite").get<std::string>() != "ECVRF-EDWARDS25519-SHA512-TAI") {
            ++skipped;
            continue;
        }
        ++checked;
        const VrfKey key(Seed(hex_bytes(vector.at("sk").get<std::string>())));
        const Bytes alpha = hex_bytes(vector.at("alpha").get<std::string>());
        const auto proof = hex_fixed<VrfProof>(vector.at("pi").get<std::string>());
        const auto beta = hex_fixed<VrfOutput>(vector.at("beta").get<std::string>());
        EXPECT_EQ(key.public_key(), hex_fixed<VrfPublicKey>(vector.at("pk").get<std::string>()));
        EXPECT_EQ(key.prove(alpha), proof);
        EXPECT_EQ(vrf_verify(key.public_key(), alpha, proof), beta);
        EXPECT_EQ(vrf_output(proof), beta);
        for (std::size_t bit = 0; bit < 640; ++bit) {
            VrfProof changed = proof;
            changed.data[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            EXPECT_FALSE(vrf_verify(key.public_key(), alpha, changed).has_value()) << bit;
        }
    }
    EXPECT_EQ(checked, 3);
    EXPECT_EQ(skipped, 9);
}

TEST(Ecvrf, proofs_verify_for_their_key_and_input_only) {
    Random random(50);
    const VrfKey other = test_key();
    for (int i = 0; i < 20; ++i) {
        Bytes seed(32);
        random.fill(seed);
        const VrfKey key{Seed(seed)};
        Bytes alpha(random.below(100));
        random.fill(alpha);
        const VrfProof proof = key.prove(alpha);
        EXPECT_EQ(key.prove(alpha), proof);
        const auto beta = vrf_verify(key.public_key(), alpha, proof);
        ASSERT_TRUE(beta.has_value());
        EXPECT_EQ(beta, vrf_output(proof));
        EXPECT_FALSE(vrf_verify(other.public_key(), alpha, proof).has_value());
        alpha.push_back(0);
        EXPECT_FALSE(vrf_verify(key.public_key(), alpha, proof).has_value());
    }
}

struct HostileCase {
    const char* name;
    std::string_view key;
    std::string_view proof;
    std::string_view output;  ///< empty: refused
};

constexpr std::string_view kKey =
    "79592d1da4297c23976886f19d125ec8fcfe01863ea810c8c969c8166f154cbd";
constexpr std::string_view kTorsionKey =
    "ef123a6ba41e5e9cf9d5081d79e570a5f63a89146e25dd325c89739d0ede69de";
constexpr std::string_view kOutput =
    "eb8573f6fa479ed5b7bafa0cfa692a655feb3a2949155219f8ab3a1315f152a7"
    "eced7e649e189ea8fbd0787e5716f8318a6aff2bbac82593820f031893b59adb";

constexpr std::array kHostileCases{
    HostileCase{
        "honest",
        kKey,
        "c653b90c56f400161bf15dba0d17945324d718ebfebd061f9af61b63cb3d9bc3"
        "0a2eae68ebf50bdc678321c8a407653b"
        "5873b3adaf641ae6f57f08eaf94e736e8339c70a4656778cdfd40a249e19e103",
        kOutput},
    HostileCase{
        "key of mixed order, challenge divisible by 8",
        kTorsionKey,
        "367e7728e9fb58f2065d9a44161641b803a861989bd5e262e3bc7818ba8137a0"
        "489fd6e934ee4d5662ebe441b0b9f1f2"
        "5056a55dd938eee702ef081db1d86a877d9f99f7f44f039579f93a8c22277a06",
        "527bf1e9b66dc5c6ea10a69ea218dcc95864185bf9982cdf3f7b50a04ecfca54"
        "6b6ddef31091bd11fd2da6257c4c8aaa7a4e3fd738970f302e0047eed7a156c0"},
    HostileCase{
        "key of mixed order, challenge 3 modulo 8",
        kTorsionKey,
        "367e7728e9fb58f2065d9a44161641b803a861989bd5e262e3bc7818ba8137a0"
        "f3986ed55b1bcbce1617c6004d2284ee"
        "f5a0c124db1e80c9f23091d09f17a8f3e4193606d6c4bfed414d43912d387405",
        ""},
    HostileCase{
        "Gamma of mixed order, challenge 7 modulo 8",
        kKey,
        "6a431785510287d4af2fc533893682bc06e0904e577a1360b48068d0d4d59cb5"
        "5f852c81c67ae449a62b2d2f6e9a75bb"
        "06df73d75a897ffb8f83b0180b4dc9a5ba865742c084c6a8f49f426e347d0b0e",
        ""},
    HostileCase{
        "Gamma of mixed order, challenge divisible by 8: same output as the honest proof",
        kKey,
        "6a431785510287d4af2fc533893682bc06e0904e577a1360b48068d0d4d59cb5"
        "70cc6a43502f7a8df3122659e3489abb"
        "fb8bf8ed27b9de3964c26efdca7b5d3a2e633e90776f794ba17bbdc83f7b8105",
        kOutput},
    HostileCase{
        "both of mixed order, challenge divisible by 8",
        "41d458859af0be2f9fd1d7694dd8383ffb4d77a4c05320b1bac28a9849581dde",
        "91f08c5dfc30803ef8015d40d7b05c598aa04f561c2ef873461df8989063aef8"
        "1843b2041f6512b1c07a31ac77d746e7"
        "c61c7acb3e5e58ca44688f1dddc52066d37687c86b3aa87ed7af5379cf92670b",
        "ab9d9177cc5b49192df39cf8b94c6b64160600c1954e8860cede5a08a3c99385"
        "7aa4bc3070b7cb3fa20c1dc16f786bbe83e0dfac35e1ac62105fe8280acd1265"},
    HostileCase{
        "both of mixed order, challenge 1 modulo 8",
        "41d458859af0be2f9fd1d7694dd8383ffb4d77a4c05320b1bac28a9849581dde",
        "91f08c5dfc30803ef8015d40d7b05c598aa04f561c2ef873461df8989063aef8"
        "4198987559331c54cf846f22f7d431f6"
        "28e93225a9cf961ed5c94d920782fbba4e27d84c7914378680c257cf6dc30f0d",
        ""},
    HostileCase{
        "Gamma with a part of order 2, even challenge (what CVE-2025-69277 let through)",
        kKey,
        "27ac46f3a90bffe9e40ea245f2e86bacdb28e7140142f9e06509e49c34c2643c"
        "9cfb5f6fd4e94b6759cea6489cdb6ab6"
        "60f0c50ff277a52dc4ad0e82c50ed73fbde713168d67f5a81e7297d75d15610f",
        kOutput},
    HostileCase{
        "Gamma with a part of order 2, odd challenge",
        kKey,
        "27ac46f3a90bffe9e40ea245f2e86bacdb28e7140142f9e06509e49c34c2643c"
        "99f6246adcc0ac719f69f159e73870d2"
        "1f905cfff0a2e45a9123a2b72bd9e6635e9d04e11d316307982eae3f9ec45604",
        ""},
    // Anybody can make these two: without key validation they would be valid.
    HostileCase{
        "key and Gamma are the identity",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000"
        "b8149a3e7639ccdf345aef3f149e6ada"
        "45d2b91f72c95530a76d97cae1dd9699827f9cabf8dc11d6f7ea80c26ff9d20b",
        ""},
    HostileCase{
        "key of order 8, Gamma the identity, challenge divisible by 8",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "0100000000000000000000000000000000000000000000000000000000000000"
        "006362d84d4a38bfb0bfd9bd399018c9"
        "1453ba06cd6ec62f5816f0781c78a689d9cb969827eb6354d66065d89aebec06",
        ""},
};

TEST(Ecvrf, hostile_points_get_the_answer_of_the_rfc) {
    for (const HostileCase& item : kHostileCases) {
        const auto output = vrf_verify(
            hex_fixed<VrfPublicKey>(item.key), as_bytes("polis"), hex_fixed<VrfProof>(item.proof));
        ASSERT_EQ(output.has_value(), !item.output.empty()) << item.name;
        if (output) {
            EXPECT_EQ(*output, hex_fixed<VrfOutput>(item.output)) << item.name;
        }
    }
}

TEST(Ecvrf, rejects_keys_of_small_order_and_non_canonical_points) {
    const VrfProof proof = test_key().prove({});
    const std::vector<std::string_view> bad{
        "0100000000000000000000000000000000000000000000000000000000000000",  // identity
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // order 2
        "0000000000000000000000000000000000000000000000000000000000000000",  // order 4
        "0000000000000000000000000000000000000000000000000000000000000080",  // order 4
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",  // order 8
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",  // order 8
        "0100000000000000000000000000000000000000000000000000000000000080",  // x = 0 with a sign
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // y = p
        "0200000000000000000000000000000000000000000000000000000000000000",  // not on the curve
    };
    for (const std::string_view key : bad) {
        EXPECT_FALSE(vrf_verify(hex_fixed<VrfPublicKey>(key), {}, proof).has_value()) << key;
        EXPECT_FALSE(vrf_key_valid(hex_fixed<VrfPublicKey>(key))) << key;
    }
    for (const std::size_t i : {6U, 7U, 8U}) {
        VrfProof changed = proof;
        std::ranges::copy(hex_bytes(bad[i]), changed.data.begin());
        EXPECT_FALSE(vrf_output(changed).has_value()) << bad[i];
        EXPECT_FALSE(vrf_verify(test_key().public_key(), {}, changed).has_value());
    }
    // A Gamma of small order is a point: it has an output, but no proof verifies with it.
    VrfProof small = proof;
    std::ranges::copy(hex_bytes(bad[4]), small.data.begin());
    EXPECT_TRUE(vrf_output(small).has_value());
    EXPECT_FALSE(vrf_verify(test_key().public_key(), {}, small).has_value());
}

/// A component of small order beside one of order L is allowed by RFC 9381, section 5.4.5.
TEST(Ecvrf, accepts_honest_keys_and_keys_of_mixed_order) {
    EXPECT_TRUE(vrf_key_valid(test_key().public_key()));
    EXPECT_TRUE(vrf_key_valid(hex_fixed<VrfPublicKey>(kKey)));
    EXPECT_TRUE(vrf_key_valid(hex_fixed<VrfPublicKey>(kTorsionKey)));
}

TEST(Ecvrf, zero_challenge_and_zero_response_are_answered) {
    const VrfKey key = test_key();
    VrfProof proof = key.prove({});
    std::fill(proof.data.begin() + 32, proof.data.end(), std::uint8_t{0});
    EXPECT_FALSE(vrf_verify(key.public_key(), {}, proof).has_value());
    proof.data[32] = 8;
    EXPECT_FALSE(vrf_verify(key.public_key(), {}, proof).has_value());
    std::fill(proof.data.begin() + 48, proof.data.end(), std::uint8_t{0xff});  // s >= L
    EXPECT_FALSE(vrf_verify(key.public_key(), {}, proof).has_value());
    EXPECT_FALSE(vrf_output(proof).has_value());
}

TEST(Ecvrf, arbitrary_proofs_never_crash) {
    const VrfKey key = test_key();
    Random random(51);
    for (int i = 0; i < 300; ++i) {
        VrfProof proof;
        random.fill(proof.data);
        proof.data[79] &= 0x0f;  // s < L
        VrfPublicKey hostile;
        random.fill(hostile.data);
        EXPECT_FALSE(vrf_verify(key.public_key(), {}, proof).has_value());
        EXPECT_FALSE(vrf_verify(hostile, {}, proof).has_value());
    }
}

TEST(Ecvrf, keys_move) {
    VrfKey key = test_key();
    const VrfProof proof = key.prove({});
    VrfKey moved = std::move(key);
    EXPECT_EQ(moved.prove({}), proof);
    key = std::move(moved);
    EXPECT_EQ(key.prove({}), proof);
    EXPECT_EQ(key.public_key(), test_key().public_key());
}

TEST(EcvrfDeathTest, a_moved_key_does_not_prove) {
    VrfKey key = test_key();
    const VrfKey moved = std::move(key);
    EXPECT_DEATH((void)key.prove({}), "sodium_is_zero");  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace polis::crypto
