// Packed files: what zlib packs comes back, and damage and bombs have names.
#include <ml/data/gzip.hpp>

#include <gtest/gtest.h>
#include <zlib.h>

namespace polis::data {
namespace {

Bytes packed(const Bytes& content) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    Bytes out(deflateBound(&stream, content.size()) + 64);
    Bytes input = content;
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

Bytes pattern(std::size_t count) {
    Bytes out(count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<std::uint8_t>(i * i >> 3);
    }
    return out;
}

TEST(Gzip, gives_back_what_was_packed) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{1'000'000}}) {
        const Bytes content = pattern(count);
        const auto out = gunzip(packed(content), 1'000'000);
        ASSERT_TRUE(out.has_value());
        EXPECT_EQ(*out, content);
    }
}

TEST(Gzip, more_than_the_limit_is_refused) {
    EXPECT_EQ(gunzip(packed(Bytes(1'000'001)), 1'000'000).error().code, DataCode::kTooLarge);
}

TEST(Gzip, every_cut_and_bytes_behind_the_stream_are_refused) {
    const Bytes whole = packed(pattern(300));
    for (std::size_t count = 0; count < whole.size(); ++count) {
        const auto out = gunzip(ByteView{whole}.first(count), 1000);
        ASSERT_FALSE(out.has_value()) << count;
        EXPECT_EQ(out.error().code, DataCode::kBadGzip);
    }
    Bytes longer = whole;
    longer.push_back(0);
    EXPECT_EQ(gunzip(longer, 1000).error().code, DataCode::kBadGzip);
}

TEST(Gzip, a_flipped_bit_never_changes_what_comes_out) {
    const Bytes content = pattern(300);
    const Bytes whole = packed(content);
    for (std::size_t i = 10; i < whole.size(); ++i) {  // before: name, time and system
        Bytes damaged = whole;
        damaged[i] ^= 0x10;
        const auto out = gunzip(damaged, 1000);  // some bits of a stream mean nothing
        EXPECT_TRUE(!out || *out == content) << i;
    }
}

}  // namespace
}  // namespace polis::data
