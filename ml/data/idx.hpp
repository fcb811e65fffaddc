#pragma once

#include <cstdint>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/error.hpp>

/// IDX, the format of MNIST: two zero bytes, a type byte, the number of dimensions, each dimension
/// as a big-endian u32, then the values, big-endian, last index fastest.
namespace polis::data {

enum class IdxType : std::uint8_t {
    kU8 = 0x08,
    kI16 = 0x0b,
    kI32 = 0x0c,
};

/// An array over bytes that somebody else keeps.
struct IdxArray {
    IdxType type = IdxType::kU8;
    std::vector<std::uint32_t> sides;  ///< 1 to kIdxDimensionsMax, none is 0
    ByteView values;

    /// Numbers in the array, the product of the sides.
    [[nodiscard]] std::size_t count() const;

    /// @pre index < count()
    [[nodiscard]] std::int32_t at(std::size_t index) const;
};

/// @error kBadIdx, kTooLarge (the product of the sides), kIdxSizeMismatch
[[nodiscard]] Result<IdxArray, DataError> parse_idx(ByteView file);

/// Images and labels as a dataset file.
/// @param images [N, H, W], [N, C, H, W] or [N, D]. @param labels [N]
/// @param white the value that becomes 255; larger ones become 255, too. 0: the largest value of
///     the images, or 255 if they are bytes that use at least half of their range. On return: what
///     was used, so that a test set gets the same.
/// @error kBadIdx, kLabelsMismatch, kBadValue, kTooManyClasses, kBadDataset
[[nodiscard]] Result<Bytes, DataError> dataset_of_idx(
    const IdxArray& images, const IdxArray& labels, std::uint32_t& white);

}  // namespace polis::data
