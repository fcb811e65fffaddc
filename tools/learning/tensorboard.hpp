#pragma once

#include <cstdint>
#include <string_view>

#include <core/bytes.hpp>

/// Event files that TensorBoard reads: records with checksums (TFRecord), each an Event of
/// tensorflow/core/util/event.proto. Only scalars.
namespace polis::tools::learning {

/// CRC-32C (Castagnoli), as in RFC 3720 B.4.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes);

/// One event file in memory.
class EventFile {
  public:
    /// Writes the version record that every file begins with.
    explicit EventFile(double wall_time_s);

    /// @param wall_time_s since 1970. @param tag such as "loss/node 0"
    void scalar(double wall_time_s, std::int64_t step, std::string_view tag, float value);

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

  private:
    void record(const Bytes& event);

    Bytes bytes_;
};

}  // namespace polis::tools::learning
