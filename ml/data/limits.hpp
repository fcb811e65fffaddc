#pragma once

#include <cstddef>
#include <cstdint>

#include <ml/exact/limits.hpp>

/// Every limit of files that become datasets, checked before memory is set aside.
/// Guide: docs/guides/trainer.md.
namespace polis::data {

/// Of a file as it lies on disk, and of what a gzip stream may unfold to.
inline constexpr std::size_t kFileBytesMax = exact::kDatasetBytesMax;

inline constexpr std::size_t kIdxDimensionsMax = 4;
inline constexpr std::size_t kCsvBytesMax = std::size_t{256} << 20;
inline constexpr std::size_t kCsvColumnsMax = 8192;
inline constexpr std::size_t kCsvLabelBytesMax = 256;
inline constexpr std::uint32_t kDigitsMax = 200'000;  ///< drawn samples
inline constexpr std::uint32_t kDigitsDefault = 6'000;

/// Fractions are millionths, so that no float decides how many samples a part has.
inline constexpr std::uint32_t kWholePpm = 1'000'000;

}  // namespace polis::data
