#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/exact/limits.hpp>
#include <ml/exact/shape.hpp>

/// Labelled samples as one blob. Format: docs/formats/models.md.
namespace polis::exact {

inline constexpr std::array<std::uint8_t, 8> kDatasetMagic{'P', 'O', 'L', 'I', 'S', 'D', 'A', 'T'};
inline constexpr std::uint8_t kDatasetVersion = 1;
/// Magic, version, shape, classes, count.
inline constexpr std::size_t kDatasetHeaderBytes = 8 + 1 + 12 + 4 + 4;

/// Why bytes are not a dataset.
enum class DatasetError : std::uint8_t {
    kTooLarge,         ///< more than kDatasetBytesMax bytes
    kBadMagic,         ///< the first eight bytes are not kDatasetMagic
    kBadVersion,       ///< not kDatasetVersion
    kTruncated,        ///< fewer bytes than the header promises
    kTrailingBytes,    ///< more bytes than the header promises
    kBadShape,         ///< a side is 0 or over its limit, or kInputsMax is exceeded
    kBadClasses,       ///< fewer than 2 or more than kClassesMax
    kBadCount,         ///< no sample, or more than kSamplesMax
    kBadLabel,         ///< a label is not less than the number of classes
    kWrongSampleSize,  ///< a sample that is added has not as many values as the shape
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(DatasetError error);

/// Samples of this shape that a file of so many bytes holds; nothing if no file has this size.
/// @pre the shape is within limits.hpp
[[nodiscard]] std::optional<std::uint32_t> samples_in(
    std::uint64_t file_bytes, const Shape& shape, std::uint32_t classes);

/// A dataset over bytes that somebody else keeps. Copying it is cheap; any number of threads may
/// read it.
class DatasetView {
  public:
    /// Checks the header, the size and every label. O(count), nothing is copied.
    /// @error every DatasetError but kWrongSampleSize
    [[nodiscard]] static Result<DatasetView, DatasetError> open(ByteView file);

    [[nodiscard]] const Shape& shape() const { return shape_; }

    [[nodiscard]] std::uint32_t classes() const { return classes_; }

    [[nodiscard]] std::uint32_t count() const { return count_; }

    /// u8 [C, H, W]. @pre index < count()
    [[nodiscard]] ByteView sample(std::uint32_t index) const;

    /// u8 [count, C, H, W].
    [[nodiscard]] ByteView samples() const { return samples_; }

    /// Less than classes(). @pre index < count()
    [[nodiscard]] std::uint32_t label(std::uint32_t index) const;

  private:
    DatasetView() = default;

    Shape shape_;
    std::uint32_t classes_ = 0;
    std::uint32_t count_ = 0;
    ByteView samples_;
    ByteView labels_;  ///< one byte each, two (little-endian) beyond 256 classes
};

/// Collects samples into a file.
class DatasetBuilder {
  public:
    /// @error kBadShape, kBadClasses
    [[nodiscard]] static Result<DatasetBuilder, DatasetError> create(
        Shape shape, std::uint32_t classes);

    /// @error kWrongSampleSize, kBadLabel; kBadCount, kTooLarge when a limit is reached. A refused
    /// sample changes nothing.
    [[nodiscard]] Result<void, DatasetError> add(ByteView sample, std::uint32_t label);

    [[nodiscard]] std::uint32_t count() const { return count_; }

    /// The file. @error kBadCount without a sample.
    [[nodiscard]] Result<Bytes, DatasetError> finish() const;

  private:
    DatasetBuilder(Shape shape, std::uint32_t classes) : shape_(shape), classes_(classes) {}

    Shape shape_;
    std::uint32_t classes_ = 0;
    std::uint32_t count_ = 0;
    Bytes samples_;
    Bytes labels_;
};

}  // namespace polis::exact
