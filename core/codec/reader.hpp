#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <core/bytes.hpp>

namespace polis::codec {

/// Why bytes are not the canonical encoding of a value.
enum class DecodeError : std::uint8_t {
    kTruncated,       ///< the bytes end inside the value
    kTrailingBytes,   ///< bytes are left after the value
    kCountOverLimit,  ///< a count exceeds its protocol limit or the bytes that are left
    kBadBool,         ///< a bool is neither 0 nor 1
    kBadTag,          ///< an option, enum or variant tag is out of range
    kBadUtf8,         ///< a string is not UTF-8
    kUnsorted,        ///< keys of a map or set are not strictly ascending
};

std::string_view to_string(DecodeError error);

/// A cursor over bytes that cannot run past them.
///
/// The first failure sticks: later reads return zeros and keep it, so a decoder reads all its
/// fields and checks once at the end. Nothing is allocated here.
class Reader {
  public:
    explicit Reader(ByteView bytes) : bytes_(bytes) {}

    /// Little-endian unsigned integer; 0 after a failure.
    template <std::unsigned_integral T>
    T integer() {
        const ByteView raw = take(sizeof(T));
        T value = 0;
        for (std::size_t i = raw.size(); i > 0; --i) {
            value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | raw[i - 1]);
        }
        return value;
    }

    /// The next `count` bytes, a view into the input; empty after a failure.
    ByteView take(std::size_t count);

    /// Reads a u32 element count and checks it against the limit and against the bytes left, each
    /// element taking at least `element_bytes_min`. 0 after a failure.
    std::size_t count(std::size_t count_max, std::size_t element_bytes_min);

    void fail(DecodeError error);

    [[nodiscard]] bool ok() const { return !error_.has_value(); }

    [[nodiscard]] std::optional<DecodeError> error() const { return error_; }

    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - offset_; }

    [[nodiscard]] std::size_t offset() const { return offset_; }

    /// The input from `begin` to the cursor, for hashing what was just read.
    [[nodiscard]] ByteView since(std::size_t begin) const {
        return bytes_.subspan(begin, offset_ - begin);
    }

  private:
    ByteView bytes_;
    std::size_t offset_ = 0;
    std::optional<DecodeError> error_;
};

}  // namespace polis::codec
