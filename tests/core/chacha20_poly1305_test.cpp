// ChaCha20-Poly1305: Wycheproof, and every change noticed.
#include <core/crypto/chacha20_poly1305.hpp>

#include <optional>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

using tests::hex_bytes;

AeadNonce nonce_of(ByteView bytes) {
    AeadNonce out{};
    std::ranges::copy(bytes, out.begin());
    return out;
}

Bytes sealed(const Secret32& key, const AeadNonce& nonce, ByteView associated, ByteView plain) {
    Bytes out(plain.size() + kAeadTagBytes);
    aead_seal(out, key, nonce, associated, plain);
    return out;
}

std::optional<Bytes> opened(
    const Secret32& key, const AeadNonce& nonce, ByteView associated, ByteView bytes) {
    Bytes out(bytes.size() - kAeadTagBytes);
    return aead_open(out, key, nonce, associated, bytes) ? std::optional(out) : std::nullopt;
}

/// Nine cases have nonces that are not of 12 bytes, which the type excludes: they are skipped.
TEST(ChaCha20Poly1305, wycheproof) {
    POLIS_NEEDS_VECTORS();
    const auto file = tests::read_json_vectors("wycheproof/chacha20_poly1305_test.json");
    std::size_t valid = 0;
    std::size_t invalid = 0;
    std::size_t other_nonces = 0;
    for (const auto& group : file.at("testGroups")) {
        for (const auto& test : group.at("tests")) {
            const auto bytes = [&](const char* name) {
                return hex_bytes(test.at(name).get<std::string>());
            };
            if (group.at("ivSize") != 96) {
                EXPECT_EQ(test.at("result"), "invalid");
                ++other_nonces;
                continue;
            }
            const Secret32 key(bytes("key"));
            const AeadNonce nonce = nonce_of(bytes("iv"));
            Bytes whole = bytes("ct");
            append(whole, bytes("tag"));
            const auto plain = opened(key, nonce, bytes("aad"), whole);
            if (test.at("result") == "valid") {
                EXPECT_EQ(plain, bytes("msg")) << test;
                EXPECT_EQ(sealed(key, nonce, bytes("aad"), bytes("msg")), whole) << test;
                ++valid;
            } else {
                EXPECT_FALSE(plain) << test;
                ++invalid;
            }
        }
    }
    EXPECT_EQ(valid, 256U);
    EXPECT_EQ(invalid, 60U);
    EXPECT_EQ(other_nonces, 9U);
}

TEST(ChaCha20Poly1305, works_in_place_and_notices_every_flipped_bit) {
    Random random(1, "aead");
    const Secret32 key(Bytes(32, 9));
    const AeadNonce nonce{1, 2, 3};
    const Bytes associated{4, 5};
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{64}, std::size_t{99}}) {
        Bytes plain(size);
        random.fill(plain);
        const Bytes apart = sealed(key, nonce, associated, plain);
        Bytes in_place = plain;
        in_place.resize(size + kAeadTagBytes);
        aead_seal(in_place, key, nonce, associated, ByteView(in_place).first(size));
        EXPECT_EQ(in_place, apart);
        EXPECT_EQ(opened(key, nonce, associated, apart), plain);
        for (std::size_t bit = 0; bit < apart.size() * 8; ++bit) {
            Bytes changed = apart;
            changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            EXPECT_FALSE(opened(key, nonce, associated, changed)) << size << " bit " << bit;
        }
        EXPECT_FALSE(opened(key, nonce, Bytes{4, 6}, apart));
        EXPECT_FALSE(opened(key, AeadNonce{1, 2, 4}, associated, apart));
    }
}

}  // namespace
}  // namespace polis::crypto
