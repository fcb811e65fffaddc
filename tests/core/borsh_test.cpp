// The codec: every kind of type round-trips, every DecodeError has an input that gives it, and for
// arbitrary or damaged bytes decoding either fails or re-encodes to the same bytes (one value, one
// encoding). Random inputs come from our own generator, so a failure repeats.
#include <core/codec/borsh.hpp>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <tests/support/vectors.hpp>

namespace polis::codec {

enum class Colour : std::uint8_t { kRed, kGreen, kBlue };

template <>
inline constexpr auto kEnumLast<Colour> = Colour::kBlue;

namespace {

using tests::hex_bytes;

struct Point {
    std::uint16_t x = 0;
    std::int16_t y = 0;
    static constexpr auto kFields = fields(&Point::x, &Point::y);
    auto operator<=>(const Point&) const = default;
};

struct Everything {
    bool flag = false;
    Colour colour = Colour::kRed;
    std::string name;
    std::vector<Point> points;
    std::optional<std::vector<std::uint8_t>> blob;
    std::map<std::string, std::vector<std::uint64_t>> table;
    std::set<Address> addresses;
    std::variant<std::uint8_t, Point, std::string> choice;
    std::array<Amount, 2> amounts{};
    std::vector<bool> bits;

    static constexpr auto kFields = fields(
        &Everything::flag,
        &Everything::colour,
        bounded(&Everything::name, 8),
        bounded(&Everything::points, 3),
        &Everything::blob,
        bounded(&Everything::table, 3),
        bounded(&Everything::addresses, 3),
        &Everything::choice,
        &Everything::amounts,
        &Everything::bits);
    bool operator==(const Everything&) const = default;
};

struct Limited {
    std::vector<std::uint8_t> bytes;
    static constexpr auto kFields = fields(bounded(&Limited::bytes, 2));
};

Everything random_value(Random& random) {
    Everything out;
    out.flag = random.chance(1, 2);
    out.colour = static_cast<Colour>(random.below(3));
    out.name.assign(random.below(9), 'n');
    out.points.resize(random.below(4));
    for (Point& point : out.points) {
        point = {
            static_cast<std::uint16_t>(random.next()), static_cast<std::int16_t>(random.next())};
    }
    if (random.chance(1, 2)) {
        random.fill(out.blob.emplace(random.below(20)));
    }
    for (std::uint64_t i = random.below(4); i > 0; --i) {
        out.table[std::string(i, 'k')].assign(random.below(4), random.next());
        Address address;
        random.fill(address.data);
        out.addresses.insert(address);
    }
    switch (random.below(3)) {
        case 0:
            out.choice = static_cast<std::uint8_t>(random.next());
            break;
        case 1:
            out.choice = Point{1, -2};
            break;
        default:
            out.choice = "a \xc3\xa9";
            break;
    }
    out.amounts = {Amount{random.next()}, Amount{random.below(2)}};
    out.bits.assign(random.below(5), random.chance(1, 2));
    return out;
}

template <class T>
DecodeError error_of(std::string_view hex) {
    const auto decoded = decode<T>(hex_bytes(hex));
    EXPECT_FALSE(decoded.has_value()) << hex;
    return decoded ? DecodeError{0xff} : decoded.error();
}

/// Arbitrary bytes: no crash, and what decodes was canonical.
template <class T>
void check_arbitrary(ByteView bytes) {
    if (const auto decoded = decode<T>(bytes)) {
        EXPECT_TRUE(equal(encode(*decoded), bytes));
    }
}

TEST(Borsh, integers_are_little_endian_twos_complement) {
    EXPECT_EQ(encode(std::uint32_t{0x01020304}), hex_bytes("04030201"));
    EXPECT_EQ(encode(std::int8_t{-1}), hex_bytes("ff"));
    EXPECT_EQ(encode(std::int64_t{-2}), hex_bytes("feffffffffffffff"));
    EXPECT_EQ(encode(u128{1} << 64), hex_bytes("00000000000000000100000000000000"));
    EXPECT_EQ(encode(i128{-1} * 2), hex_bytes("feffffffffffffffffffffffffffffff"));
    EXPECT_TRUE(decode<i128>(encode(i128{-77})) == i128{-77});
    EXPECT_EQ(decode<std::int16_t>(hex_bytes("0080")), std::int16_t{-32768});
}

TEST(Borsh, random_values_come_back) {
    Random random(10);
    for (int i = 0; i < 2000; ++i) {
        const Everything value = random_value(random);
        const Bytes bytes = encode(value);
        const auto back = decode<Everything>(bytes);
        ASSERT_TRUE(back.has_value()) << to_string(back.error());
        EXPECT_EQ(*back, value);
    }
}

TEST(Borsh, every_prefix_and_every_extension_is_refused) {
    Random random(11);
    for (int i = 0; i < 50; ++i) {
        Bytes bytes = encode(random_value(random));
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(decode<Everything>(ByteView{bytes}.first(size)).has_value());
        }
        bytes.push_back(0);
        EXPECT_EQ(decode<Everything>(bytes).error(), DecodeError::kTrailingBytes);
    }
}

TEST(Borsh, damaged_bytes_never_decode_to_another_encoding) {
    Random random(12);
    for (int i = 0; i < 20'000; ++i) {
        Bytes bytes = encode(random_value(random));
        for (std::uint64_t k = random.between(1, 3); k > 0; --k) {
            random.pick(bytes) ^= static_cast<std::uint8_t>(1U << random.below(8));
        }
        check_arbitrary<Everything>(bytes);
    }
}

TEST(Borsh, arbitrary_bytes_never_crash) {
    Random random(13);
    for (int i = 0; i < 50'000; ++i) {
        Bytes bytes(random.below(40));
        random.fill(bytes);
        // Small counts and tags are what gets deep into a decoder.
        for (std::uint8_t& byte : bytes) {
            byte = random.chance(2, 3) ? static_cast<std::uint8_t>(byte % 4) : byte;
        }
        check_arbitrary<Everything>(bytes);
        check_arbitrary<std::vector<std::string>>(bytes);
        check_arbitrary<std::map<std::uint8_t, std::optional<bool>>>(bytes);
        check_arbitrary<std::set<std::string>>(bytes);
        check_arbitrary<std::variant<Point, std::vector<bool>>>(bytes);
        check_arbitrary<std::vector<std::vector<std::vector<std::uint8_t>>>>(bytes);
    }
}

TEST(Borsh, each_error_has_its_input) {
    EXPECT_EQ(error_of<Point>("010203"), DecodeError::kTruncated);
    EXPECT_EQ(error_of<bool>("0100"), DecodeError::kTrailingBytes);
    EXPECT_EQ(error_of<std::vector<std::uint16_t>>("02000000aabbcc"), DecodeError::kCountOverLimit);
    EXPECT_EQ(error_of<bool>("02"), DecodeError::kBadBool);
    EXPECT_EQ(error_of<std::optional<bool>>("0200"), DecodeError::kBadTag);
    EXPECT_EQ(error_of<Colour>("03"), DecodeError::kBadTag);
    EXPECT_EQ((error_of<std::variant<bool, Point>>("0200")), DecodeError::kBadTag);
    EXPECT_EQ(error_of<std::string>("01000000ff"), DecodeError::kBadUtf8);
    EXPECT_EQ(error_of<std::set<std::uint8_t>>("020000000201"), DecodeError::kUnsorted);
}

TEST(Borsh, keys_ascend_strictly) {
    using Map = std::map<std::uint8_t, std::uint8_t>;
    EXPECT_EQ(decode<Map>(hex_bytes("0200000001090208")), (Map{{1, 9}, {2, 8}}));
    EXPECT_EQ(error_of<Map>("0200000002080109"), DecodeError::kUnsorted);
    EXPECT_EQ(error_of<Map>("0200000001090108"), DecodeError::kUnsorted);
    EXPECT_EQ(error_of<std::set<std::uint8_t>>("020000000101"), DecodeError::kUnsorted);
    // Strings order by unsigned bytes: "z" before "\xc3\xa9", on platforms with signed char too.
    using Names = std::set<std::string>;
    EXPECT_EQ(decode<Names>(hex_bytes("02000000010000007a02000000c3a9")), (Names{"z", "\xc3\xa9"}));
    EXPECT_EQ(error_of<Names>("0200000002000000c3a9010000007a"), DecodeError::kUnsorted);
}

TEST(Borsh, protocol_limits_of_members_hold) {
    EXPECT_TRUE(decode<Limited>(hex_bytes("020000000101")).has_value());
    EXPECT_EQ(error_of<Limited>("03000000010101"), DecodeError::kCountOverLimit);
}

TEST(Borsh, a_lying_count_allocates_nothing) {
    const Bytes bytes = hex_bytes("ffffffff01020304");
    Reader reader(bytes);
    std::vector<std::uint64_t> numbers;
    Codec<std::vector<std::uint64_t>>::decode(reader, numbers);
    EXPECT_EQ(reader.error(), DecodeError::kCountOverLimit);
    EXPECT_EQ(numbers.capacity(), 0U);
    Reader text_reader(bytes);
    std::string text;
    const std::size_t before = text.capacity();
    Codec<std::string>::decode(text_reader, text);
    EXPECT_EQ(text.capacity(), before);
}

TEST(Borsh, smallest_sizes_are_known_at_compile_time) {
    static_assert(Codec<Point>::kBytesMin == 4);
    static_assert(Codec<std::optional<Point>>::kBytesMin == 1);
    static_assert(Codec<std::variant<Hash, bool>>::kBytesMin == 2);
    static_assert(Codec<std::array<Point, 3>>::kBytesMin == 12);
    EXPECT_EQ(encode(Everything{}).size(), Codec<Everything>::kBytesMin);
}

}  // namespace
}  // namespace polis::codec
