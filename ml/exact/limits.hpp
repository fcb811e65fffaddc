#pragma once

#include <cstddef>
#include <cstdint>

/// Every limit of models and datasets. All of them are checked before memory is set aside or
/// anything is evaluated. Spec: docs/spec/models.md; formats: docs/formats/models.md.
namespace polis::exact {

// Models.
inline constexpr std::size_t kModelBytesMax = std::size_t{8} << 20;  ///< of an encoded model
inline constexpr std::size_t kLayersMax = 64;
inline constexpr std::uint32_t kChannelsMax = 4096;  ///< outputs of a dense layer, planes of others
inline constexpr std::uint32_t kSideMax = 1024;      ///< height or width of a plane
inline constexpr std::uint32_t kInputsMax = 65'536;  ///< numbers in one sample
inline constexpr std::uint32_t kClassesMax = 1024;
inline constexpr std::uint32_t kKernelSideMax = 15;
inline constexpr std::uint32_t kStrideMax = 4;
/// Multiply-adds for one sample; a task may ask for less.
inline constexpr std::uint64_t kMultiplyAddsMax = std::uint64_t{1} << 27;
/// Bytes of all activations of one sample, the sample included.
inline constexpr std::uint64_t kActivationBytesMax = std::uint64_t{4} << 20;

// Requantisation: multipliers have 31 bits of which the highest is set, so that a factor has one
// spelling; a shift leaves the sum with its rounding term below 2^63.
inline constexpr std::uint32_t kMultiplierMin = std::uint32_t{1} << 30;
inline constexpr std::uint32_t kMultiplierEnd = std::uint32_t{1} << 31;
inline constexpr std::uint8_t kShiftMin = 1;
inline constexpr std::uint8_t kShiftMax = 62;

// Datasets.
inline constexpr std::size_t kDatasetBytesMax = std::size_t{1} << 30;
inline constexpr std::uint32_t kSamplesMax = 16'777'216;

// Models as safetensors.
inline constexpr std::size_t kSafetensorsHeaderBytesMax = std::size_t{64} << 10;
/// Of what a file says beside its model, names included.
inline constexpr std::size_t kSafetensorsNotesBytesMax = std::size_t{2} << 10;
/// A map has a place of 4 bytes and an inversion for each input.
inline constexpr std::size_t kSafetensorsBytesMax =
    kModelBytesMax + kSafetensorsHeaderBytesMax + 8 + std::size_t{5} * kInputsMax;

/// Edge of the square patches within which a Mapping moves the pixels of an image. A convolution
/// with this stride sees every pixel of a patch at the same place of its kernel.
inline constexpr std::uint32_t kPatchSide = 4;
static_assert(kPatchSide <= kStrideMax);

}  // namespace polis::exact
