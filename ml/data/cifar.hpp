#pragma once

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/error.hpp>

namespace polis::data {

/// CIFAR-10, binary version: records of a label byte and 3 planes of 32x32 bytes.
/// @error kBadCifar; kBadDataset for a label above 9
[[nodiscard]] Result<Bytes, DataError> dataset_of_cifar(ByteView file);

}  // namespace polis::data
