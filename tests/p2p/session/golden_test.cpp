// The bytes of a whole connection with fixed seeds: a change of the format shows here, and the
// values let another implementation compare itself.
#include <gtest/gtest.h>

#include <core/hex.hpp>
#include <p2p/session.hpp>
#include <tests/p2p/session/pair.hpp>

namespace polis::p2p {
namespace {

using testing::Pair;

constexpr std::string_view kFirst =
    "20009c9255d49ec5da90d9e1ebb0d807ecfd374b0342ca2849139f689de8303eb307";

constexpr std::string_view kSecond =
    "0401fcfc49fc7f0aa4fb5dcea0e27d5814c989c73256443c60e5dee676e3e953850cb247eda2c6b9910514dfe1"
    "5aba3f8c6cdbb6009e511ca3332663a5b7d779b154df80061f350c462c62b833ca6d8c7af19c71340d5fcecdf3"
    "c9fad56c28c1263d8768f69cde364f8ad4c1a6318757ba8f32c042ab700043f9ca1d1805388ab0a83f0c49c216"
    "7cda25e9459a42f76a671907082296bf5ee39712acd226cf605ddc9e4f8c741665129a3fa1055e42f1996eb745"
    "ed59402c6def48b84aa64304fc7271b0768c8c47d436af92d2a6dc596fe1ebb4597b65bef84bd5f2eb098f73a4"
    "f4eb2761dc75c5914f68d70b410768e880f88913f0ef044a16872eea92df3da0712e0a9e6d";

constexpr std::string_view kThirdAndRecord =
    "e500e066f3d019ffb0182c99bae03a0dea27aecc1caed9917f406af8211bbe575a6f2f2e3db5091fb434758df9"
    "cbeae86d27d55a79eea6dcee1d6001ed3983353e0cc3b91f97abf6712092a1885e53ffce4c17be41b2efff79a9"
    "bf8e089b59a26ca6953d4008da749f614371793ff64ad0edad0d312b358164f114774da32bd5e227bde0d86e43"
    "c453ae3775a21301f97ef49c418b5a8230d9faae0340f3c0a685ce059a2a87e0c602e0910b692e5a4d8171b180"
    "bcc5325eb767c72197ff8e62a2de8cfb38ebc877da8d04d5be8dee863cfbed7a4f6fbc05f55e5e5032bcfd1a7f"
    "eb804190e6cd16006df3ee94500240a82ff4cb43e286e28ac9f7fa7b8798";

constexpr std::string_view kGoodbye = "17009363efbc4f28e6c2bc84d88e9a3e0e9f1e85c46559504c";

TEST(SessionGolden, handshake_and_first_records_byte_for_byte) {
    Pair pair;
    EXPECT_EQ(to_hex(pair.move(pair.a, pair.b)), kFirst);
    EXPECT_EQ(to_hex(pair.move(pair.b, pair.a)), kSecond);
    ASSERT_TRUE(pair.a.session.send(Channel::kTxns, Bytes{1, 2, 3}));
    EXPECT_EQ(to_hex(pair.move(pair.a, pair.b)), kThirdAndRecord);
    pair.b.session.close(CloseReason::kLeft, "bye");
    EXPECT_EQ(to_hex(pair.move(pair.b, pair.a)), kGoodbye);
}

}  // namespace
}  // namespace polis::p2p
