// Sealed test sets: what goes in comes out, and every change is noticed.
#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ml/exact/limits.hpp>

namespace polis::ledger::tasks {
namespace {

crypto::Secret32 key_of(std::uint8_t byte) { return crypto::Secret32(Bytes(32, byte)); }

Bytes random_bytes(std::size_t size) {
    Bytes out(size);
    Random(size, "sealing").fill(out);
    return out;
}

SealError error_of(const Bytes& sealed, std::uint8_t key = 1) {
    const auto opened = unseal(key_of(key), sealed);
    EXPECT_FALSE(opened.has_value());
    return opened ? SealError::kBadMagic : opened.error();
}

TEST(Sealing, gives_back_what_was_sealed) {
    for (const std::size_t size :
         {std::size_t{1},
          std::size_t{100},
          kSealSegmentBytes - 1,
          kSealSegmentBytes,
          kSealSegmentBytes + 1,
          3 * kSealSegmentBytes}) {
        const Bytes plain = random_bytes(size);
        const Bytes sealed = seal(key_of(1), plain);
        EXPECT_EQ(sealed.size(), sealed_bytes(size));
        EXPECT_EQ(unseal(key_of(1), sealed), plain) << size;
    }
}

TEST(Sealing, segments_can_be_opened_one_by_one) {
    const Bytes plain = random_bytes(2 * kSealSegmentBytes + 5);
    const Bytes sealed = seal(key_of(1), plain);
    const SealHeader header = seal_header(plain.size());
    EXPECT_TRUE(std::ranges::equal(header, ByteView{sealed}.first(kSealHeaderBytes)));
    EXPECT_EQ(seal_segments(plain.size()), 3U);
    Bytes last(5);
    EXPECT_TRUE(open_segment(last, key_of(1), header, 2, ByteView{sealed}.last(5 + 16)));
    EXPECT_TRUE(equal(last, ByteView{plain}.last(5)));
    EXPECT_FALSE(open_segment(last, key_of(1), header, 1, ByteView{sealed}.last(5 + 16)));
}

TEST(Sealing, notices_another_key_and_every_changed_byte) {
    const Bytes sealed = seal(key_of(1), random_bytes(300));
    EXPECT_EQ(error_of(sealed, 2), SealError::kNotAuthentic);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Bytes changed = sealed;
        changed[i] ^= 1;
        EXPECT_FALSE(unseal(key_of(1), changed).has_value()) << i;
    }
}

TEST(Sealing, notices_segments_that_changed_places) {
    const Bytes plain(2 * kSealSegmentBytes, 7);
    Bytes sealed = seal(key_of(1), plain);
    const auto first = sealed.begin() + kSealHeaderBytes;
    std::swap_ranges(first, first + kSealSegmentBytes + 16, first + kSealSegmentBytes + 16);
    EXPECT_EQ(error_of(sealed), SealError::kNotAuthentic);
}

TEST(Sealing, names_what_is_wrong_with_the_container) {
    const Bytes good = seal(key_of(1), random_bytes(50));
    EXPECT_EQ(error_of({}), SealError::kTruncated);
    EXPECT_EQ(error_of(Bytes(good.begin(), good.end() - 1)), SealError::kTruncated);
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(error_of(longer), SealError::kTrailingBytes);
    Bytes magic = good;
    magic[0] = 'X';
    EXPECT_EQ(error_of(magic), SealError::kBadMagic);
    Bytes version = good;
    version[8] = 2;
    EXPECT_EQ(error_of(version), SealError::kBadVersion);
    Bytes empty = good;
    std::fill(empty.begin() + 9, empty.begin() + 17, std::uint8_t{0});
    EXPECT_EQ(error_of(empty), SealError::kBadSize);
    Bytes huge = good;
    std::fill(huge.begin() + 9, huge.begin() + 17, std::uint8_t{0xff});
    EXPECT_EQ(error_of(huge), SealError::kBadSize) << "before any memory is set aside";
}

}  // namespace
}  // namespace polis::ledger::tasks
