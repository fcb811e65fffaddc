#pragma once

#include <cstddef>
#include <cstdint>

#include <core/codec/borsh.hpp>

namespace polis::exact {

/// The shape of one sample or one activation, stored channel by channel, row by row: [C, H, W].
/// A flat row of N numbers is [N, 1, 1].
struct Shape {
    std::uint32_t channels = 0;
    std::uint32_t height = 0;
    std::uint32_t width = 0;

    bool operator==(const Shape&) const = default;
    static constexpr auto kFields = codec::fields(&Shape::channels, &Shape::height, &Shape::width);

    [[nodiscard]] bool is_flat() const { return height == 1 && width == 1; }

    /// C * H * W. @pre every side is within limits.hpp, so that 64 bits hold it
    [[nodiscard]] std::uint64_t elements() const {
        return std::uint64_t{channels} * height * width;
    }
};

[[nodiscard]] inline Shape flat_shape(std::uint32_t count) { return {count, 1, 1}; }

}  // namespace polis::exact
