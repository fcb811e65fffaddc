// Parts of a dataset: every sample in one part, classes in proportion, and a seed decides.
#include <ml/data/split.hpp>

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace polis::data {
namespace {

/// 100 samples of class 0 and 50 of class 1; each holds its number.
Bytes numbered() {
    auto builder = exact::DatasetBuilder::create(exact::flat_shape(1), 2);
    for (std::uint8_t i = 0; i < 150; ++i) {
        EXPECT_TRUE(builder->add(Bytes{i}, i < 100 ? 0 : 1).has_value());
    }
    return *builder->finish();
}

std::vector<std::size_t> class_counts(const Bytes& file) {
    const auto view = exact::DatasetView::open(file);
    std::vector<std::size_t> out(view->classes());
    for (std::uint32_t i = 0; i < view->count(); ++i) {
        ++out[view->label(i)];
    }
    return out;
}

TEST(Split, parts_are_disjoint_complete_and_stratified) {
    const Bytes file = numbered();
    const auto parts =
        split(*exact::DatasetView::open(file), {.validation_ppm = 100'000, .test_ppm = 200'000}, 5);
    ASSERT_TRUE(parts.has_value());
    EXPECT_EQ(class_counts(parts->validation), (std::vector<std::size_t>{10, 5}));
    EXPECT_EQ(class_counts(parts->test), (std::vector<std::size_t>{20, 10}));
    EXPECT_EQ(class_counts(parts->train), (std::vector<std::size_t>{70, 35}));
    Bytes all;
    for (const Bytes* part : {&parts->train, &parts->validation, &parts->test}) {
        append(all, exact::DatasetView::open(*part)->samples());
    }
    std::ranges::sort(all);
    EXPECT_EQ(all, to_bytes(exact::DatasetView::open(file)->samples()));
}

TEST(Split, the_seed_decides) {
    const Bytes file = numbered();
    const auto view = *exact::DatasetView::open(file);
    const auto validation = [&](std::uint64_t seed) {
        return split(view, {.validation_ppm = 100'000, .test_ppm = 0}, seed)->validation;
    };
    EXPECT_EQ(validation(1), validation(1));
    EXPECT_NE(validation(1), validation(2));
}

TEST(Split, impossible_fractions_have_names) {
    const Bytes file = numbered();
    const auto view = *exact::DatasetView::open(file);
    EXPECT_EQ(
        split(view, {.validation_ppm = 500'000, .test_ppm = 500'000}, 1).error().code,
        DataCode::kBadFraction);
    EXPECT_EQ(
        split(view, {.validation_ppm = 0xffffffff, .test_ppm = 0xffffffff}, 1).error().code,
        DataCode::kBadFraction);
    EXPECT_EQ(
        split(view, {.validation_ppm = 0, .test_ppm = 100}, 1).error().code,
        DataCode::kTooFewSamples);
}

}  // namespace
}  // namespace polis::data
