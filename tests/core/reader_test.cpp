// The cursor: never past the end, the first failure sticks, counts are checked before anything.
#include <core/codec/reader.hpp>

#include <set>

#include <gtest/gtest.h>

namespace polis::codec {
namespace {

TEST(Reader, reads_little_endian) {
    const Bytes bytes{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b};
    Reader reader(bytes);
    EXPECT_EQ(reader.integer<std::uint8_t>(), 0x01);
    EXPECT_EQ(reader.integer<std::uint16_t>(), 0x0302);
    EXPECT_EQ(reader.integer<std::uint64_t>(), 0x0b0a090807060504ULL);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.remaining(), 0U);
    EXPECT_EQ(reader.offset(), bytes.size());
    EXPECT_TRUE(equal(reader.since(1), ByteView{bytes}.subspan(1)));
}

TEST(Reader, first_failure_sticks) {
    const Bytes bytes{1, 2, 3};
    Reader reader(bytes);
    EXPECT_EQ(reader.integer<std::uint32_t>(), 0U);
    EXPECT_EQ(reader.error(), DecodeError::kTruncated);
    reader.fail(DecodeError::kBadBool);
    EXPECT_EQ(reader.error(), DecodeError::kTruncated);
    EXPECT_EQ(reader.integer<std::uint8_t>(), 0U);  // although a byte is there
    EXPECT_TRUE(reader.take(1).empty());
    EXPECT_EQ(reader.count(10, 1), 0U);
    EXPECT_EQ(reader.offset(), 0U);
}

TEST(Reader, count_is_checked_against_limit_and_bytes) {
    const Bytes bytes{2, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd};
    EXPECT_EQ(Reader(bytes).count(2, 2), 2U);
    Reader over_limit(bytes);
    EXPECT_EQ(over_limit.count(1, 2), 0U);
    EXPECT_EQ(over_limit.error(), DecodeError::kCountOverLimit);
    Reader over_bytes(bytes);
    EXPECT_EQ(over_bytes.count(2, 3), 0U);
    EXPECT_EQ(over_bytes.error(), DecodeError::kCountOverLimit);
    Reader truncated(ByteView{bytes}.first(3));
    EXPECT_EQ(truncated.count(2, 1), 0U);
    EXPECT_EQ(truncated.error(), DecodeError::kTruncated);
}

TEST(Reader, every_error_has_its_own_text) {
    std::set<std::string_view> texts;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(DecodeError::kUnsorted); ++i) {
        texts.insert(to_string(static_cast<DecodeError>(i)));
    }
    EXPECT_EQ(texts.size(), 7U);
}

}  // namespace
}  // namespace polis::codec
