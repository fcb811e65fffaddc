#include <ml/data/split.hpp>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include <core/random.hpp>
#include <ml/data/limits.hpp>

namespace polis::data {

namespace {

enum Part : std::uint8_t { kTrain, kValidation, kTest };

std::size_t share(std::size_t count, std::uint32_t ppm) {
    return static_cast<std::size_t>(std::uint64_t{count} * ppm / kWholePpm);
}

/// The part of every sample.
std::vector<Part> assign(
    const exact::DatasetView& dataset, const SplitFractions& fractions, std::uint64_t seed) {
    std::vector<std::vector<std::uint32_t>> by_class(dataset.classes());
    for (std::uint32_t i = 0; i < dataset.count(); ++i) {
        by_class[dataset.label(i)].push_back(i);
    }
    Random random(seed, "split");
    std::vector<Part> out(dataset.count(), kTrain);
    for (std::vector<std::uint32_t>& members : by_class) {
        random.shuffle(members);
        const std::size_t validation = share(members.size(), fractions.validation_ppm);
        const std::size_t test = share(members.size(), fractions.test_ppm);
        for (std::size_t i = 0; i < validation + test; ++i) {
            out[members[i]] = i < validation ? kValidation : kTest;
        }
    }
    return out;
}

}  // namespace

Result<Bytes, DataError> subset(
    const exact::DatasetView& dataset, std::span<const std::uint32_t> indexes) {
    auto builder = exact::DatasetBuilder::create(dataset.shape(), dataset.classes());
    if (!builder) {
        return fail(builder.error());
    }
    for (const std::uint32_t index : indexes) {
        auto added = builder->add(dataset.sample(index), dataset.label(index));
        if (!added) {
            return fail(added.error());
        }
    }
    auto file = builder->finish();
    if (!file) {
        return fail(file.error());
    }
    return *std::move(file);
}

Result<Split, DataError> split(
    const exact::DatasetView& dataset, const SplitFractions& fractions, std::uint64_t seed) {
    if (std::uint64_t{fractions.validation_ppm} + fractions.test_ppm >= kWholePpm) {
        return fail(DataCode::kBadFraction, {});
    }
    std::array<std::vector<std::uint32_t>, 3> members;
    const std::vector<Part> parts = assign(dataset, fractions, seed);
    for (std::uint32_t i = 0; i < dataset.count(); ++i) {
        members[parts[i]].push_back(i);
    }
    const std::array<bool, 3> wanted{true, fractions.validation_ppm > 0, fractions.test_ppm > 0};
    std::array<Bytes, 3> files;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (!wanted[i]) {
            continue;
        }
        if (members[i].empty()) {
            return fail(DataCode::kTooFewSamples, {});
        }
        POLIS_TRY(files[i], subset(dataset, members[i]));
    }
    return Split{
        .train = std::move(files[kTrain]),
        .validation = std::move(files[kValidation]),
        .test = std::move(files[kTest])};
}

}  // namespace polis::data
