#pragma once

#include <exception>

#include <ml/torch/failure.hpp>

namespace polis::trainer {

/// What an exception of the library, or of an allocator, means for a job: kOutOfMemory for missing
/// memory of the machine or of a GPU, else kInternal. The detail is its first line.
[[nodiscard]] Failure failure_of(const std::exception& error);

}  // namespace polis::trainer
