#pragma once

#include <cstddef>
#include <optional>

#include <core/bytes.hpp>

namespace polis::p2p {

/// Cuts a stream of bytes into records, each with its length before it, whatever portions the bytes
/// come in. Holds at most one record, and of it only what has come.
class RecordReader {
  public:
    /// Moves on in `input` to the end of the next record. Nothing if all of `input` was taken in
    /// and the record is not whole, or if the length is not from `bytes_min` to `bytes_max`, which
    /// is seen before the record is here and then stays so.
    /// @return valid until the next call, as long as `input` is
    [[nodiscard]] std::optional<ByteView> next(
        ByteView& input, std::size_t bytes_min, std::size_t bytes_max);

    [[nodiscard]] bool bad_length() const { return bad_length_; }

    [[nodiscard]] std::size_t memory_bytes() const { return held_.capacity(); }

  private:
    /// Moves bytes from `input` until `held_` has `bytes` of them; false if there are too few.
    [[nodiscard]] bool hold(ByteView& input, std::size_t bytes);

    Bytes held_;          ///< head and a part of the record
    bool spent_ = false;  ///< held_ was handed out whole
    bool bad_length_ = false;
};

}  // namespace polis::p2p
