// bech32m against the strings of BIP 350, and addresses against an independent program.
#include <core/crypto/address.hpp>

#include <set>

#include <gtest/gtest.h>

#include <core/crypto/bech32m.hpp>
#include <core/random.hpp>
#include <tests/support/vectors.hpp>

namespace polis::crypto {
namespace {

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char character) {
        return character >= 'A' && character <= 'Z' ? static_cast<char>(character + 32) : character;
    });
    return text;
}

/// BIP 350, "The following strings are valid Bech32m": 7 strings.
TEST(Bech32m, accepts_the_valid_strings_of_bip_350) {
    const std::vector<std::pair<std::string, std::size_t>> valid{
        {"A1LQFN3A", 0},
        {"a1lqfn3a", 0},
        {"an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg"
         "6",
         0},
        {"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx", 32},
        {"11llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllludsr"
         "8",
         82},
        {"split1checkupstagehandshakeupstreamerranterredcaperredlc445v", 48},
        {"?1v759aa", 0},
    };
    for (const auto& [text, word_count] : valid) {
        const auto decoded = bech32m::decode(text);
        ASSERT_TRUE(decoded.has_value()) << text << ": " << bech32m::to_string(decoded.error());
        EXPECT_EQ(decoded->words.size(), word_count) << text;
        EXPECT_EQ(bech32m::encode(decoded->prefix, decoded->words), lower(text));
    }
}

/// BIP 350, "The following string are not valid Bech32m": 14 strings.
TEST(Bech32m, rejects_the_invalid_strings_of_bip_350) {
    using Error = bech32m::Error;
    const std::vector<std::pair<std::string, Error>> invalid{
        {"\x20"
         "1xj0phk",
         Error::kBadCharacter},
        {"\x7f"
         "1g6xzxy",
         Error::kBadCharacter},
        {"\x80"
         "1vctc34",
         Error::kBadCharacter},
        {"an84characterslonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11d6pt"
         "s4",
         Error::kTooLong},
        {"qyrz8wqd2c9m", Error::kNoPrefix},
        {"1qyrz8wqd2c9m", Error::kNoPrefix},
        {"y1b0jsk6g", Error::kBadCharacter},
        {"lt1igcx5c0", Error::kBadCharacter},
        {"in1muywd", Error::kTooShort},
        {"mm1crxm3i", Error::kBadCharacter},
        {"au1s5cgom", Error::kBadCharacter},
        {"M1VUXWEZ", Error::kBadChecksum},
        {"16plkw9", Error::kNoPrefix},
        {"1p2gdwpf", Error::kNoPrefix},
    };
    for (const auto& [text, error] : invalid) {
        const auto decoded = bech32m::decode(text);
        ASSERT_FALSE(decoded.has_value()) << text;
        EXPECT_EQ(bech32m::to_string(decoded.error()), bech32m::to_string(error)) << text;
    }
}

TEST(Bech32m, rejects_mixed_case) {
    EXPECT_EQ(bech32m::decode("A1lqfn3a").error(), bech32m::Error::kMixedCase);
    EXPECT_EQ(bech32m::decode("a1LQFN3A").error(), bech32m::Error::kMixedCase);
    EXPECT_EQ(bech32m::decode("a1lqfn3A").error(), bech32m::Error::kMixedCase);
}

TEST(Bech32m, rejects_bech32) {
    EXPECT_EQ(bech32m::decode("A12UEL5L").error(), bech32m::Error::kBadChecksum);
    EXPECT_EQ(bech32m::decode("a12uel5l").error(), bech32m::Error::kBadChecksum);
}

TEST(Bech32m, finds_every_single_and_most_double_errors) {
    const std::string text = to_text(Address{});
    constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    Random random(30);
    for (std::size_t i = 6; i < text.size(); ++i) {
        for (const char other : kAlphabet) {
            std::string changed = text;
            changed[i] = other;
            EXPECT_EQ(parse_address(changed).has_value(), changed == text);
            const std::size_t second = 6 + random.below(text.size() - 6);
            changed[second] = random.pick(kAlphabet);
            EXPECT_EQ(parse_address(changed).has_value(), changed == text);
        }
    }
}

TEST(Bech32m, words_and_bytes_regroup) {
    Random random(31);
    for (std::size_t size = 0; size < 50; ++size) {
        Bytes bytes(size);
        random.fill(bytes);
        const auto words = bech32m::words_of(bytes);
        EXPECT_EQ(words.size(), (size * 8 + 4) / 5);
        EXPECT_EQ(bech32m::bytes_of(words), bytes);
    }
    EXPECT_EQ(bech32m::words_of(Bytes{0xff}), (bech32m::Words{31, 28}));
    EXPECT_EQ(bech32m::bytes_of({31, 29}).error(), bech32m::Error::kBadPadding);
    EXPECT_EQ(bech32m::bytes_of({0}).error(), bech32m::Error::kBadPadding);
    EXPECT_EQ(bech32m::bytes_of({31, 28, 0}).error(), bech32m::Error::kBadPadding);
}

TEST(Bech32m, arbitrary_text_never_crashes) {
    Random random(32);
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random.below(100), ' ');
        for (char& character : text) {
            character = static_cast<char>(random.chance(1, 8) ? '1' : random.below(256));
        }
        if (const auto decoded = bech32m::decode(text)) {
            EXPECT_EQ(bech32m::encode(decoded->prefix, decoded->words), lower(text));
        }
    }
}

TEST(Bech32mDeathTest, encode_needs_a_sound_input) {
    EXPECT_DEATH((void)bech32m::encode("", {}), "prefix.empty");
    EXPECT_DEATH((void)bech32m::encode("A", {}), "is_upper");
    EXPECT_DEATH((void)bech32m::encode("a", {32}), "word < 32");
    EXPECT_DEATH((void)bech32m::encode("a", bech32m::Words(83)), "kTextBytesMax");
}

/// Made by a separate Python program from hashlib and the text of BIP 350.
TEST(Address, text_of_an_independent_program) {
    const auto key = tests::hex_fixed<PublicKey>(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const Address address = address_of(key);
    EXPECT_EQ(address, tests::hex_fixed<Address>("aa55415fcd1f1596a2554abfea9ffcdaa8ea4b54"));
    EXPECT_EQ(to_text(address), "polis14f25zh7dru2edgj4f2l748lum25w5j65qwq6z6");
    EXPECT_EQ(to_text(Address{}), "polis1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdl8xuk");
}

TEST(Address, text_comes_back_in_either_case) {
    Random random(33);
    for (int i = 0; i < 200; ++i) {
        Address address;
        random.fill(address.data);
        EXPECT_EQ(parse_address(to_text(address)), address);
    }
    EXPECT_EQ(parse_address("POLIS1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQDL8XUK"), Address{});
}

TEST(Address, each_error_has_its_text) {
    const std::vector<std::pair<std::string, AddressError>> wrong{
        {"polis1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdl8xub", AddressError::kBadCharacter},
        {"polis1Qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdl8xuk", AddressError::kBadCharacter},
        {"polis14f25zh7dru2edgj4f2l748luye3g3f", AddressError::kBadLength},            // 15 bytes
        {"polis14f25zh7dru2edgj4f2l748lum25w5j65qqlfzeec", AddressError::kBadLength},  // 21 bytes
        {"polis1qqq", AddressError::kBadLength},
        {std::string(91, 'q'), AddressError::kBadLength},
        {"bc14f25zh7dru2edgj4f2l748lum25w5j65rdghdf", AddressError::kWrongPrefix},
        {"", AddressError::kWrongPrefix},
        {"aa55b", AddressError::kWrongPrefix},
        {"polis14f25zh7dru2edgj4f2l748lum25w5j654jsk8c", AddressError::kBadChecksum},  // bech32
        {"polis14f25zh7dru2edgj4f2l748lum25w5j65qwq6z7", AddressError::kBadChecksum},
        {"polis14f25zh7dru2edgj4f2l748lum25w5j65qq3cqmc", AddressError::kBadPadding},   // 33 words
        {"polis14f25zh7dru2edgj4f2l748lum25w5j65qpzlkvy2", AddressError::kBadPadding},  // bit set
    };
    std::set<std::string_view> texts;
    for (const auto& [text, error] : wrong) {
        const auto parsed = parse_address(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(to_string(parsed.error()), to_string(error)) << text;
        texts.insert(to_string(error));
    }
    EXPECT_EQ(texts.size(), 5U);
}

}  // namespace
}  // namespace polis::crypto
