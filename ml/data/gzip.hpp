#pragma once

#include <cstddef>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/data/error.hpp>

namespace polis::data {

/// True if the bytes begin like a gzip stream (RFC 1952).
[[nodiscard]] inline bool is_gzip(ByteView bytes) {
    return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

/// Unfolds one gzip stream. Memory grows with what comes out, never with what a header claims.
/// @param bytes_max of the result
/// @error kBadGzip, kTooLarge; kNoGzip in a program built without zlib
[[nodiscard]] Result<Bytes, DataError> gunzip(ByteView stream, std::size_t bytes_max);

}  // namespace polis::data
