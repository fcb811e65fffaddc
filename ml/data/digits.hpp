#pragma once

#include <cstdint>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/error.hpp>

namespace polis::data {

/// Handwritten-looking digits without any file: strokes with jitter, slant, thickness and noise,
/// drawn in integers, so that a seed gives the same bytes everywhere. Greys of 28x28, 10 classes,
/// sample i shows digit i mod 10.
/// @error kTooFewSamples below 10 samples, kTooLarge above kDigitsMax. Cost: 0.1 ms a sample.
[[nodiscard]] Result<Bytes, DataError> draw_digits(std::uint32_t count, std::uint64_t seed);

}  // namespace polis::data
