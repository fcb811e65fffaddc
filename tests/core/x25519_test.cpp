// X25519: RFC 7748, Wycheproof, and the refusal of what gives no secret.
#include <core/crypto/x25519.hpp>

#include <gtest/gtest.h>

#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

using tests::hex_bytes;
using tests::hex_fixed;

/// The points of low order of the curve and its twist, some in two encodings.
constexpr std::array<std::string_view, 7> kLowOrder{
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

X25519Key key_of(std::string_view hex) { return X25519Key(Seed(hex_bytes(hex))); }

/// RFC 7748, section 6.1.
TEST(X25519, rfc_7748_key_agreement) {
    const X25519Key alice =
        key_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const X25519Key bob =
        key_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    EXPECT_EQ(
        alice.public_key(),
        hex_fixed<X25519PublicKey>(
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
    EXPECT_EQ(
        bob.public_key(),
        hex_fixed<X25519PublicKey>(
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"));
    const auto shared = alice.agree(bob.public_key());
    ASSERT_TRUE(shared);
    EXPECT_EQ(
        to_bytes(shared->view()),
        hex_bytes("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"));
    EXPECT_EQ(to_bytes(bob.agree(alice.public_key())->view()), to_bytes(shared->view()));
}

TEST(X25519, points_of_low_order_are_refused_also_with_the_top_bit_set) {
    const X25519Key key =
        key_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    for (const std::string_view hex : kLowOrder) {
        auto point = hex_fixed<X25519PublicKey>(hex);
        EXPECT_FALSE(key.agree(point)) << hex;
        point.data[31] |= 0x80;
        EXPECT_FALSE(key.agree(point)) << hex;
    }
}

/// "acceptable" there means that libraries differ: we compute what RFC 7748 says for every key, and
/// refuse exactly the results of zero.
TEST(X25519, wycheproof) {
    POLIS_NEEDS_VECTORS();
    const auto file = tests::read_json_vectors("wycheproof/x25519_test.json");
    std::size_t agreed = 0;
    std::size_t refused = 0;
    for (const auto& group : file.at("testGroups")) {
        for (const auto& test : group.at("tests")) {
            const X25519Key key = key_of(test.at("private").get<std::string>());
            const auto shared =
                key.agree(hex_fixed<X25519PublicKey>(test.at("public").get<std::string>()));
            const Bytes expected = hex_bytes(test.at("shared").get<std::string>());
            if (expected == Bytes(32, 0)) {
                EXPECT_FALSE(shared) << test;
                ++refused;
            } else {
                ASSERT_TRUE(shared) << test;
                EXPECT_EQ(to_bytes(shared->view()), expected) << test;
                ++agreed;
            }
        }
    }
    EXPECT_EQ(agreed, 487U);
    EXPECT_EQ(refused, 31U);
}

}  // namespace
}  // namespace polis::crypto
