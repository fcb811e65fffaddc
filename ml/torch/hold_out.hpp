#pragma once

#include <cstdint>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/split.hpp>
#include <ml/exact/dataset.hpp>

namespace polis::trainer {

inline constexpr std::uint32_t kHeldOutMax = 5'000;  ///< scoring more costs time and tells little

/// Sets a tenth of the samples, at most about kHeldOutMax, aside for validation.
/// @error those of data::split
[[nodiscard]] Result<data::Split, data::DataError> hold_out(
    const exact::DatasetView& dataset, std::uint64_t seed);

}  // namespace polis::trainer
