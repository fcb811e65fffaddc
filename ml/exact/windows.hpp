#pragma once

#include <ml/exact/model.hpp>
#include <ml/exact/shape.hpp>

/// Shapes that layers give, for admission and evaluation alike.
namespace polis::exact {

/// The input with its border of zeros.
[[nodiscard]] Shape padded_shape(const Conv2d& conv, const Shape& in);

/// @pre stride > 0 and the kernel is not larger than the padded plane
[[nodiscard]] Shape conv_shape(const Conv2d& conv, const Shape& in);

[[nodiscard]] Shape pool_shape(const Shape& in);

}  // namespace polis::exact
