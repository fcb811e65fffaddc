#pragma once

#include <cstdint>
#include <span>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/error.hpp>
#include <ml/exact/dataset.hpp>

namespace polis::data {

/// Fractions of the whole, in millionths; what is left is for training.
struct SplitFractions {
    std::uint32_t validation_ppm = 0;
    std::uint32_t test_ppm = 0;
};

/// Datasets; a part of fraction 0 is empty.
struct Split {
    Bytes train;
    Bytes validation;
    Bytes test;
};

/// Divides a dataset. Stratified: of every class each part gets its fraction, rounded down. The
/// seed decides which samples; they stay in their order.
/// @error kBadFraction, kTooFewSamples for an empty part that was asked for, kBadDataset
[[nodiscard]] Result<Split, DataError> split(
    const exact::DatasetView& dataset, const SplitFractions& fractions, std::uint64_t seed);

/// The dataset of some samples. @pre every index < dataset.count()
/// @error kBadDataset without a sample
[[nodiscard]] Result<Bytes, DataError> subset(
    const exact::DatasetView& dataset, std::span<const std::uint32_t> indexes);

}  // namespace polis::data
