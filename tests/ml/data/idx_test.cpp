// IDX files as datasets: the format to the byte, and what hostile headers cannot do.
#include <ml/data/idx.hpp>

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <ml/data/limits.hpp>

namespace polis::data {
namespace {

/// An IDX file of any dimensions, true or not.
Bytes idx_file(std::uint8_t type, const std::vector<std::uint32_t>& sides, const Bytes& values) {
    Bytes out{0, 0, type, static_cast<std::uint8_t>(sides.size())};
    for (const std::uint32_t side : sides) {
        append(out, big_endian(side));
    }
    append(out, values);
    return out;
}

DataCode code_of(ByteView file) {
    const auto array = parse_idx(file);
    return array ? DataCode::kCannotRead : array.error().code;
}

TEST(Idx, images_and_labels_become_a_dataset) {
    const Bytes images =
        idx_file(0x08, {2, 2, 3}, {0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255});
    const Bytes labels = idx_file(0x08, {2}, {4, 1});
    std::uint32_t white = 0;
    const auto file = dataset_of_idx(*parse_idx(images), *parse_idx(labels), white);
    ASSERT_TRUE(file.has_value());
    const auto view = exact::DatasetView::open(*file);
    ASSERT_TRUE(view.has_value());
    EXPECT_EQ(view->shape(), (exact::Shape{1, 2, 3}));
    EXPECT_EQ(view->classes(), 5U);
    EXPECT_EQ(view->label(0), 4U);
    EXPECT_EQ(to_bytes(view->sample(1)), (Bytes{250, 251, 252, 253, 254, 255}));
    EXPECT_EQ(white, 255U);
}

TEST(Idx, dark_images_are_spread_and_a_test_set_is_spread_alike) {
    const Bytes labels = idx_file(0x08, {1}, {0});
    std::uint32_t white = 0;
    const Bytes train = idx_file(0x08, {1, 3}, {0, 8, 16});
    const auto spread = dataset_of_idx(*parse_idx(train), *parse_idx(labels), white);
    ASSERT_TRUE(spread.has_value());
    EXPECT_EQ(white, 16U);
    EXPECT_EQ(to_bytes(exact::DatasetView::open(*spread)->sample(0)), (Bytes{0, 128, 255}));
    const Bytes test = idx_file(0x08, {1, 3}, {0, 8, 20});
    const auto alike = dataset_of_idx(*parse_idx(test), *parse_idx(labels), white);
    ASSERT_TRUE(alike.has_value());
    EXPECT_EQ(to_bytes(exact::DatasetView::open(*alike)->sample(0)), (Bytes{0, 128, 255}));
}

TEST(Idx, wide_integers_are_big_endian) {
    const Bytes file = idx_file(0x0b, {2}, {0x07, 0xd0, 0xff, 0xff});
    const auto array = parse_idx(file);
    ASSERT_TRUE(array.has_value());
    EXPECT_EQ(array->at(0), 2000);
    EXPECT_EQ(array->at(1), -1);
    const Bytes words = idx_file(0x0c, {1}, {0x80, 0, 0, 0});
    EXPECT_EQ(parse_idx(words)->at(0), INT32_MIN);
}

TEST(Idx, damaged_headers_have_names) {
    EXPECT_EQ(code_of({}), DataCode::kBadIdx);
    EXPECT_EQ(code_of(Bytes{0, 0, 8}), DataCode::kBadIdx);
    EXPECT_EQ(code_of(idx_file(0x0d, {1}, {0, 0, 0, 0})), DataCode::kBadIdx);
    EXPECT_EQ(code_of(idx_file(0x08, {1, 1, 1, 1, 1}, {0})), DataCode::kBadIdx);
    EXPECT_EQ(code_of(Bytes{1, 0, 8, 1, 0, 0, 0, 1, 0}), DataCode::kBadIdx);
    EXPECT_EQ(code_of(Bytes{0, 0, 8, 2, 0, 0, 0, 1}), DataCode::kBadIdx);
    EXPECT_EQ(code_of(idx_file(0x08, {3}, {1, 2})), DataCode::kIdxSizeMismatch);
    EXPECT_EQ(code_of(idx_file(0x08, {3}, {1, 2, 3, 4})), DataCode::kIdxSizeMismatch);
    EXPECT_EQ(code_of(idx_file(0x08, {0}, {})), DataCode::kIdxSizeMismatch);
}

TEST(Idx, dimensions_that_overflow_are_refused_before_anything_is_set_aside) {
    constexpr std::uint32_t kHuge = 0xffffffff;
    EXPECT_EQ(code_of(idx_file(0x0c, {kHuge, kHuge, kHuge, kHuge}, {})), DataCode::kTooLarge);
    // 2^32 * 2^32 wraps to 0 in 64 bits.
    EXPECT_EQ(code_of(idx_file(0x08, {1U << 31, 1U << 31, 4}, {})), DataCode::kTooLarge);
}

TEST(Idx, labels_must_belong_to_the_images) {
    const Bytes images = idx_file(0x08, {2, 1}, {0, 200});
    std::uint32_t white = 0;
    const auto with = [&](const Bytes& labels) {
        return dataset_of_idx(*parse_idx(images), *parse_idx(labels), white).error().code;
    };
    EXPECT_EQ(with(idx_file(0x08, {3}, {0, 1, 2})), DataCode::kLabelsMismatch);
    EXPECT_EQ(with(idx_file(0x08, {2, 1}, {0, 1})), DataCode::kLabelsMismatch);
    EXPECT_EQ(with(idx_file(0x0b, {2}, {0, 1, 0xff, 0xff})), DataCode::kBadValue);
    EXPECT_EQ(with(idx_file(0x0b, {2}, {0, 1, 4, 0})), DataCode::kTooManyClasses);
}

TEST(Idx, negative_pixels_are_refused) {
    const Bytes images = idx_file(0x0b, {1, 1}, {0xff, 0xff});
    const Bytes labels = idx_file(0x08, {1}, {0});
    std::uint32_t white = 0;
    EXPECT_EQ(
        dataset_of_idx(*parse_idx(images), *parse_idx(labels), white).error().code,
        DataCode::kBadValue);
}

}  // namespace
}  // namespace polis::data
