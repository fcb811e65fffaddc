// SHA-256, HMAC-SHA256 and Noise's HKDF: published examples and Wycheproof. Secrets are wiped.
#include <core/crypto/hmac_sha256.hpp>

#include <gtest/gtest.h>

#include <core/crypto/hkdf.hpp>
#include <core/crypto/secret.hpp>
#include <core/crypto/sha256.hpp>
#include <core/hex.hpp>
#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

using tests::hex_bytes;

/// FIPS 180-4 examples; pieces give the hash of the whole.
TEST(Sha256, fips_180_examples_in_pieces) {
    constexpr std::string_view kAbc =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EXPECT_EQ(
        to_hex(sha256({}).view()),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256({as_bytes("abc")}).view()), kAbc);
    EXPECT_EQ(to_hex(sha256({as_bytes("a"), {}, as_bytes("bc")}).view()), kAbc);
}

/// RFC 4231, test case 2.
TEST(HmacSha256, rfc_4231_example_in_pieces) {
    const Secret32 tag =
        hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want "), as_bytes("for nothing?")});
    EXPECT_EQ(
        to_hex(tag.view()), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/// Tags of 16 bytes there are the first half of ours.
TEST(HmacSha256, wycheproof) {
    POLIS_NEEDS_VECTORS();
    const auto file = tests::read_json_vectors("wycheproof/hmac_sha256_test.json");
    std::size_t valid = 0;
    std::size_t invalid = 0;
    for (const auto& group : file.at("testGroups")) {
        for (const auto& test : group.at("tests")) {
            const Bytes expected = hex_bytes(test.at("tag").get<std::string>());
            const Secret32 tag = hmac_sha256(
                hex_bytes(test.at("key").get<std::string>()),
                {hex_bytes(test.at("msg").get<std::string>())});
            const bool same = equal(tag.view().first(expected.size()), expected);
            EXPECT_EQ(same, test.at("result") == "valid") << test;
            ++(same ? valid : invalid);
        }
    }
    EXPECT_EQ(valid, 66U);
    EXPECT_EQ(invalid, 108U);
}

/// RFC 5869, test case 3, of which Noise takes 64 bytes and the RFC shows 42.
TEST(Hkdf, rfc_5869_example_without_salt_and_info) {
    const KeyPair256 keys = hkdf_noise(Secret32{}, Bytes(22, 0x0b));
    EXPECT_EQ(
        to_hex(keys.first.view()),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    EXPECT_EQ(to_hex(keys.second.view().first(10)), "9d201395faa4b61a96c8");
}

TEST(SecretBytes, leaves_nothing_where_it_was) {
    const Bytes zeros(32, 0);
    Secret32 first(Bytes(32, 7));
    Secret32 second(std::move(first));
    EXPECT_EQ(to_bytes(first.view()), zeros);  // NOLINT(bugprone-use-after-move)
    Secret32 third;
    third = std::move(second);
    EXPECT_EQ(to_bytes(second.view()), zeros);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(to_bytes(third.view()), Bytes(32, 7));
    wipe(third.mutable_view());
    EXPECT_EQ(to_bytes(third.view()), zeros);
}

}  // namespace
}  // namespace polis::crypto
