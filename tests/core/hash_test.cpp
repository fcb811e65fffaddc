// Hashes against independent implementations: RFC 7693 (Appendix A is BLAKE2b-512 without a tag, so
// tagged answers come from Python's hashlib, typed in), NIST/XKCP SHA3-256 vectors, and pieces
// against the whole.
#include <core/crypto/hash.hpp>

#include <sstream>

#include <gtest/gtest.h>

#include <core/crypto/domains.hpp>
#include <core/hex.hpp>
#include <core/random.hpp>
#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

std::string blake_hex(const Domain& domain, ByteView message) {
    return to_hex(blake2b_256(domain, message).view());
}

/// hashlib.blake2b(message, digest_size=32, person=b"polis.header".ljust(16, b"\0")).hexdigest()
TEST(Blake2b, tagged_answers_of_python_hashlib) {
    EXPECT_EQ(
        blake_hex(kDomainHeader, {}),
        "641cd39846b6b947adff71bd11634bef58f1f0c83431268ace3406718acc392e");
    EXPECT_EQ(
        blake_hex(kDomainHeader, as_bytes("abc")),
        "51e26a4fcfea9aea576a308d164f422030fd67c0f906e9959bb87e02f48a9cd5");
    EXPECT_EQ(
        blake_hex(kDomainTxnId, as_bytes("abc")),
        "f7020643e0e010beab1b62a32303967686cd26046f49c37f5ebed3d3fdb62c6f");
    EXPECT_EQ(
        blake_hex(Domain("0123456789abcdef"), as_bytes("abc")),
        "139dad3b92ad7c4601ae1ba6c616ca59699c6b1e8e789d095e1bec905871f612");
    Bytes kilobyte(1024);
    for (std::size_t i = 0; i < kilobyte.size(); ++i) {
        kilobyte[i] = static_cast<std::uint8_t>(i);
    }
    EXPECT_EQ(
        blake_hex(kDomainCommittee, kilobyte),
        "a49ccacbd382614144c0c68fc19d093cdc873d6fdc78e3724e8df50d1f2bb470");
    EXPECT_EQ(
        to_hex(blake2b_160(kDomainAddress, ByteView{kilobyte}.first(32)).view()),
        "bd214f6be9681cba37ff8c96f0d5a9d838ff0ad2");
}

TEST(Blake2b, tags_separate_purposes) {
    EXPECT_NE(blake2b_256(kDomainMerkleLeaf, {}), blake2b_256(kDomainMerkleNode, {}));
    // 20 bytes of output are another function, not the 32 bytes cut short.
    const Hash wide = blake2b_256(kDomainAddress, {});
    EXPECT_FALSE(equal(blake2b_160(kDomainAddress, {}).view(), wide.view().first(20)));
}

TEST(Blake2b, pieces_give_the_hash_of_the_whole) {
    Random random(20);
    for (std::size_t size = 0; size < 600; size += 7) {
        Bytes message(size);
        random.fill(message);
        Blake2b256 hash(kDomainSnapshot);
        for (std::size_t at = 0; at < size;) {
            const std::size_t piece = std::min<std::size_t>(random.below(200), size - at);
            hash.update(ByteView{message}.subspan(at, piece));
            at += piece;
        }
        EXPECT_EQ(hash.finish(), blake2b_256(kDomainSnapshot, message)) << size;
    }
}

TEST(Sha3, fips_202_examples) {
    EXPECT_EQ(
        to_hex(sha3_256({}).view()),
        "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    EXPECT_EQ(
        to_hex(sha3_256(as_bytes("abc")).view()),
        "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
    EXPECT_EQ(
        to_hex(sha3_256(Bytes(200, 0xa3)).view()),
        "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
}

TEST(Sha3, xkcp_short_messages) {
    POLIS_NEEDS_VECTORS();
    std::istringstream file(tests::read_vectors("hash/ShortMsgKAT_SHA3-256.txt"));
    int checked = 0;
    int skipped_bits = 0;  // messages that are no whole number of bytes: we hash bytes only
    std::size_t bits = 0;
    Bytes message;
    for (std::string word; file >> word;) {
        std::string value;
        if (word == "Len" && file >> value >> bits) {
            continue;
        }
        if (word == "Msg" && file >> value >> value) {
            message = tests::hex_bytes(value);
            message.resize(bits / 8);
        } else if (word == "MD" && file >> value >> value) {
            if (bits % 8 != 0) {
                ++skipped_bits;
                continue;
            }
            EXPECT_EQ(sha3_256(message), tests::hex_fixed<Hash>(value)) << bits;
            ++checked;
        }
    }
    EXPECT_EQ(checked, 256);
    EXPECT_EQ(skipped_bits, 1792);
}

}  // namespace
}  // namespace polis::crypto
