// Datasets as files: what is built is read back, and everything else is refused by name.
#include <ml/exact/dataset.hpp>

#include <set>

#include <gtest/gtest.h>

#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

/// Two samples of [1, 2, 2] in three classes.
Bytes small_file() {
    auto builder = DatasetBuilder::create({1, 2, 2}, 3);
    EXPECT_TRUE(builder->add(Bytes{1, 2, 3, 4}, 2));
    EXPECT_TRUE(builder->add(Bytes{5, 6, 7, 8}, 0));
    return *builder->finish();
}

DatasetError error_of(const Bytes& file) { return DatasetView::open(file).error(); }

/// The file with one byte replaced.
Bytes with(std::size_t offset, std::uint8_t value) {
    Bytes out = small_file();
    out.at(offset) = value;
    return out;
}

TEST(Dataset, reads_what_was_built) {
    const Bytes file = small_file();
    const auto view = DatasetView::open(file);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->shape(), (Shape{1, 2, 2}));
    EXPECT_EQ(view->classes(), 3U);
    EXPECT_EQ(view->count(), 2U);
    EXPECT_EQ(to_bytes(view->sample(1)), (Bytes{5, 6, 7, 8}));
    EXPECT_EQ(view->samples().size(), 8U);
    EXPECT_EQ(view->label(0), 2U);
    EXPECT_EQ(view->label(1), 0U);
}

TEST(Dataset, labels_take_two_bytes_beyond_256_classes) {
    for (const std::uint32_t classes : {256U, 257U, kClassesMax}) {
        auto builder = DatasetBuilder::create(flat_shape(1), classes);
        EXPECT_TRUE(builder->add(Bytes{9}, classes - 1));
        const Bytes file = *builder->finish();
        EXPECT_EQ(file.size(), kDatasetHeaderBytes + 1 + (classes > 256 ? 2U : 1U));
        EXPECT_EQ(DatasetView::open(file)->label(0), classes - 1);
    }
    auto builder = DatasetBuilder::create(flat_shape(1), 300);
    EXPECT_TRUE(builder->add(Bytes{9}, 1));
    Bytes file = *builder->finish();
    file.back() = 1;  // 257
    EXPECT_TRUE(DatasetView::open(file));
    file[file.size() - 2] = 44;  // 300
    EXPECT_EQ(error_of(file), DatasetError::kBadLabel);
}

TEST(Dataset, random_ones_round_trip) {
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        Random random(seed);
        const Shape shape{
            static_cast<std::uint32_t>(random.between(1, 3)),
            static_cast<std::uint32_t>(random.between(1, 9)),
            static_cast<std::uint32_t>(random.between(1, 9))};
        const auto classes = static_cast<std::uint32_t>(random.between(2, 400));
        const Bytes file = tests::random_dataset(random, shape, classes, 5);
        const auto view = DatasetView::open(file);
        ASSERT_TRUE(view);
        auto builder = DatasetBuilder::create(view->shape(), view->classes());
        for (std::uint32_t i = 0; i < view->count(); ++i) {
            ASSERT_TRUE(builder->add(view->sample(i), view->label(i)));
        }
        EXPECT_EQ(*builder->finish(), file);
    }
}

TEST(Dataset, hostile_files_are_refused_by_name) {
    EXPECT_EQ(error_of(with(7, 'L')), DatasetError::kBadMagic);
    EXPECT_EQ(error_of(with(8, 0)), DatasetError::kBadVersion);
    EXPECT_EQ(error_of(with(9, 0)), DatasetError::kBadShape);      // no channels
    EXPECT_EQ(error_of(with(16, 0xff)), DatasetError::kBadShape);  // height of 2^32 - 2^24
    EXPECT_EQ(error_of(with(21, 1)), DatasetError::kBadClasses);
    EXPECT_EQ(error_of(with(22, 0x10)), DatasetError::kBadClasses);
    EXPECT_EQ(error_of(with(25, 0)), DatasetError::kBadCount);
    EXPECT_EQ(error_of(with(28, 0xff)), DatasetError::kBadCount);
    EXPECT_EQ(error_of(with(25, 3)), DatasetError::kTruncated);
    EXPECT_EQ(error_of(with(25, 1)), DatasetError::kTrailingBytes);
    EXPECT_EQ(error_of(with(37, 3)), DatasetError::kBadLabel);
    EXPECT_EQ(error_of(with(38, 255)), DatasetError::kBadLabel);
    EXPECT_EQ(error_of({}), DatasetError::kTruncated);
}

TEST(Dataset, every_shorter_file_is_refused) {
    const Bytes file = small_file();
    for (std::size_t size = 0; size < file.size(); ++size) {
        const auto view = DatasetView::open(ByteView{file}.first(size));
        ASSERT_FALSE(view);
        EXPECT_EQ(view.error(), DatasetError::kTruncated) << size;
    }
}

TEST(Dataset, a_size_beyond_the_limit_is_refused_before_anything_is_read) {
    const Bytes file = small_file();
    // A view of an impossible length over a few bytes: only the length may be looked at.
    const ByteView lie(file.data(), kDatasetBytesMax + 1);
    EXPECT_EQ(DatasetView::open(lie).error(), DatasetError::kTooLarge);
}

TEST(Dataset, samples_follow_from_the_size) {
    Random random(7);
    for (const std::uint32_t classes : {2U, 300U}) {
        const Shape shape{1, 3, 4};
        const Bytes file = tests::random_dataset(random, shape, classes, 17);
        EXPECT_EQ(samples_in(file.size(), shape, classes), 17U);
        EXPECT_EQ(samples_in(file.size() - 1, shape, classes), std::nullopt);
    }
    EXPECT_EQ(samples_in(kDatasetHeaderBytes, {1, 3, 4}, 2), std::nullopt);
    EXPECT_EQ(samples_in(UINT64_MAX, {1, 1, 1}, 2), std::nullopt);
}

TEST(DatasetBuilder, refuses_by_name_and_keeps_what_it_has) {
    EXPECT_EQ(DatasetBuilder::create({0, 1, 1}, 2).error(), DatasetError::kBadShape);
    EXPECT_EQ(DatasetBuilder::create({65, 32, 32}, 2).error(), DatasetError::kBadShape);
    EXPECT_EQ(DatasetBuilder::create(flat_shape(4), 1).error(), DatasetError::kBadClasses);
    auto builder = DatasetBuilder::create({1, 2, 2}, 3);
    ASSERT_TRUE(builder);
    EXPECT_EQ(builder->finish().error(), DatasetError::kBadCount);
    EXPECT_EQ(builder->add(Bytes{1, 2, 3}, 0).error(), DatasetError::kWrongSampleSize);
    EXPECT_EQ(builder->add(Bytes{1, 2, 3, 4}, 3).error(), DatasetError::kBadLabel);
    EXPECT_EQ(builder->count(), 0U);
    EXPECT_TRUE(builder->add(Bytes{1, 2, 3, 4}, 2));
    EXPECT_TRUE(builder->add(Bytes{5, 6, 7, 8}, 0));
    EXPECT_EQ(*builder->finish(), small_file());
}

TEST(Dataset, errors_say_something_of_their_own) {
    std::set<std::string_view> texts;
    const auto last = static_cast<std::uint8_t>(DatasetError::kWrongSampleSize);
    for (std::uint8_t i = 0; i <= last; ++i) {
        texts.insert(to_string(static_cast<DatasetError>(i)));
    }
    EXPECT_EQ(texts.size(), last + 1U);
    EXPECT_FALSE(texts.contains("unknown"));
}

}  // namespace
}  // namespace polis::exact
