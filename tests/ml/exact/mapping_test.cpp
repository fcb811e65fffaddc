// The mapping layer: a signed permutation that belongs to a seed. That a copied model scores like
// chance behind another map is shown with a template classifier.
#include <ml/exact/mapping.hpp>

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include <ml/exact/inference.hpp>
#include <ml/exact/scoring.hpp>
#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

using Kind = Mapping::Kind;

Hash seed_of(std::uint8_t value) {
    Hash out;
    out.data[31] = value;
    return out;
}

/// Undoes a map by its public parts.
Bytes undo(const Mapping& map, ByteView mapped) {
    Bytes out(mapped.size());
    for (std::size_t i = 0; i < mapped.size(); ++i) {
        out[map.sources()[i]] = mapped[i] ^ map.inversions()[i];
    }
    return out;
}

TEST(Mapping, is_a_signed_permutation) {
    Random random(1);
    for (const Shape& shape :
         {flat_shape(1), flat_shape(784), Shape{1, 28, 28}, Shape{3, 32, 32}, Shape{2, 5, 7}}) {
        for (const Kind kind : {Kind::kFlat, Kind::kPatches}) {
            const Mapping map = Mapping::derive(seed_of(3), shape, kind);
            std::vector<std::uint32_t> sources = map.sources();
            std::ranges::sort(sources);
            std::vector<std::uint32_t> all(shape.elements());
            std::iota(all.begin(), all.end(), 0U);
            EXPECT_EQ(sources, all);
            Bytes sample(shape.elements());
            random.fill(sample);
            const Bytes mapped = map.apply(sample);
            for (std::size_t i = 0; i < mapped.size(); ++i) {
                const std::uint8_t from = sample[map.sources()[i]];
                ASSERT_EQ(mapped[i], map.inversions()[i] != 0 ? 255 - from : from);
            }
            EXPECT_EQ(undo(map, mapped), sample);
        }
    }
}

TEST(Mapping, belongs_to_its_seed) {
    const Shape shape{1, 8, 8};
    const Mapping one = Mapping::derive(seed_of(1), shape, Kind::kFlat);
    const Mapping same = Mapping::derive(seed_of(1), shape, Kind::kFlat);
    const Mapping two = Mapping::derive(seed_of(2), shape, Kind::kFlat);
    EXPECT_EQ(one.sources(), same.sources());
    EXPECT_EQ(one.inversions(), same.inversions());
    EXPECT_NE(one.sources(), two.sources());
    EXPECT_NE(one.inversions(), two.inversions());
}

TEST(Mapping, patches_keep_their_place_and_are_mapped_alike) {
    const Shape shape{2, 8, 12};
    const Mapping map = Mapping::derive(seed_of(4), shape, Kind::kPatches);
    for (std::uint32_t i = 0; i < shape.elements(); ++i) {
        const std::uint32_t x = i % 12;
        const std::uint32_t row = i / 12;  // over all channels
        const std::uint32_t from = map.sources()[i];
        EXPECT_EQ(from / 12 / 4, row / 4);
        EXPECT_EQ(from % 12 / 4, x / 4);
        const std::uint32_t first = row % 4 * 12 + x % 4;  // that place in the first patch
        EXPECT_EQ(from / 12 % 4 * 12 + from % 12 % 4, map.sources()[first]);
        EXPECT_EQ(map.inversions()[i], map.inversions()[first]);
    }
}

TEST(Mapping, rows_stand_in_where_squares_do_not_divide_the_plane) {
    const Shape shape{2, 4, 6};
    const Mapping map = Mapping::derive(seed_of(5), shape, Kind::kPatches);
    for (std::uint32_t i = 0; i < shape.elements(); ++i) {
        EXPECT_EQ(map.sources()[i] / 6, i / 6);
        EXPECT_EQ(map.sources()[i] % 6, map.sources()[i % 6]);
        EXPECT_EQ(map.inversions()[i], map.inversions()[i % 6]);
    }
}

TEST(Mapping, the_kind_follows_the_first_layer) {
    Random random(6);
    EXPECT_EQ(Mapping::kind_for(admit(tests::lenet(random, 10))->facts()), Kind::kPatches);
    EXPECT_EQ(Mapping::kind_for(admit(tests::mlp(random, 9, 4, 2))->facts()), Kind::kFlat);
}

TEST(Mapping, draws_places_and_inversions_without_favourites) {
    // 1,000 maps of 10 places: each place goes everywhere about 100 times, half of them inverted.
    std::vector<int> goes(100, 0);
    int inverted = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        Hash seed;
        seed.data[0] = static_cast<std::uint8_t>(i);
        seed.data[1] = static_cast<std::uint8_t>(i >> 8);
        const Mapping map = Mapping::derive(seed, flat_shape(10), Kind::kFlat);
        for (std::size_t place = 0; place < 10; ++place) {
            ++goes[place * 10 + map.sources()[place]];
            inverted += map.inversions()[place] != 0 ? 1 : 0;
        }
    }
    // Six standard deviations: sqrt(1000 * 0.09) = 9.5 and sqrt(10000 / 4) = 50.
    for (const int count : goes) {
        EXPECT_NEAR(count, 100, 57);
    }
    EXPECT_NEAR(inverted, 5000, 300);
}

/// Samples that are noisy copies of `templates`, labelled by which.
Bytes noisy_copies(Random& random, const std::vector<Bytes>& templates, std::uint32_t count) {
    auto builder = DatasetBuilder::create(
        flat_shape(static_cast<std::uint32_t>(templates[0].size())),
        static_cast<std::uint32_t>(templates.size()));
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto label = static_cast<std::uint32_t>(random.below(templates.size()));
        Bytes sample = templates[label];
        for (std::uint8_t& value : sample) {
            value = random.chance(1, 4) ? static_cast<std::uint8_t>(random.next()) : value;
        }
        EXPECT_TRUE(builder->add(sample, label));
    }
    return *builder->finish();
}

/// Correlates a mapped sample with the mapped templates.
Model correlator(const std::vector<Bytes>& templates, const Mapping& map) {
    Dense dense{.outputs = static_cast<std::uint32_t>(templates.size())};
    for (const Bytes& one : templates) {
        std::int32_t sum = 0;
        for (const std::uint8_t value : map.apply(one)) {
            const auto weight = static_cast<std::int8_t>(int{value} - 128);
            dense.weights.push_back(weight);
            sum += weight;
        }
        dense.bias.push_back(-128 * sum);
        dense.requantise.multiplier.push_back(kMultiplierMin);
        dense.requantise.shift.push_back(33);
    }
    Model out{.input = flat_shape(static_cast<std::uint32_t>(templates[0].size()))};
    out.layers.push_back({.source = 0, .operation = std::move(dense)});
    return out;
}

TEST(Mapping, a_copied_model_scores_like_chance_under_another_key) {
    Random random(7);
    std::vector<Bytes> templates(10, Bytes(256));
    for (Bytes& one : templates) {
        random.fill(one);
    }
    const Bytes file = noisy_copies(random, templates, 500);
    const auto dataset = DatasetView::open(file);
    const Mapping mine = Mapping::derive(seed_of(1), dataset->shape(), Kind::kFlat);
    const Mapping other = Mapping::derive(seed_of(2), dataset->shape(), Kind::kFlat);
    const auto model = admit(correlator(templates, mine));
    ASSERT_TRUE(model);
    Evaluator evaluator(*model);
    EXPECT_GE(score(evaluator, &mine, *dataset, whole(*dataset))->correct, 490U);
    EXPECT_LE(score(evaluator, &other, *dataset, whole(*dataset))->correct, 125U);
    EXPECT_LE(score(evaluator, nullptr, *dataset, whole(*dataset))->correct, 125U);
}

}  // namespace
}  // namespace polis::exact
