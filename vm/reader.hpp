#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <vm/rejection.hpp>

namespace polis::vm {

/// A cursor over a module's bytes that cannot run past them.
///
/// The first failure sticks: later reads return zeros and move nothing, so whoever reads checks
/// now and then, and at every turn of a loop.
class Reader {
  public:
    explicit Reader(ByteView bytes) : Reader(bytes, 0, bytes.size()) {}

    /// Reads from `begin` up to `end`; offsets count from the beginning of `bytes`.
    /// @pre begin <= end <= bytes.size()
    Reader(ByteView bytes, std::size_t begin, std::size_t end)
        : bytes_(bytes), offset_(begin), end_(end) {}

    [[nodiscard]] bool ok() const { return !failure_.has_value(); }

    /// @pre !ok()
    [[nodiscard]] const Rejection& failure() const { return *failure_; }

    void fail(RejectionCode code, std::string detail = {}) {
        fail_at(offset_, code, std::move(detail));
    }

    void fail_at(std::size_t offset, RejectionCode code, std::string detail = {});

    [[nodiscard]] std::size_t offset() const { return offset_; }

    /// Bytes up to the end of the section or body that is being read.
    [[nodiscard]] std::size_t remaining() const { return end_ - offset_; }

    [[nodiscard]] bool at_end() const { return offset_ == end_; }

    std::uint8_t byte();
    ByteView take(std::size_t count);

    /// LEB128 of at most 32 bits.
    std::uint32_t u32();
    std::int32_t s32();
    std::int64_t s64();

    /// A count of things that take at least one byte each. 0 after a failure.
    /// @error kBadCount for more than the bytes left; `too_many` for more than `max`
    std::uint32_t count(std::uint32_t max, RejectionCode too_many);

    /// A UTF-8 name, a view into the bytes.
    std::string_view name(std::uint32_t bytes_max);

    /// Narrows reading to the next `size` bytes until leave().
    /// @return the end to go back to
    std::size_t enter(std::size_t size);

    /// @error kBadSection if the narrowed part was not read to its end
    void leave(std::size_t outer_end, RejectionCode unread);

  private:
    template <class T>
    T leb();

    ByteView bytes_;
    std::size_t offset_;
    std::size_t end_;
    std::optional<Rejection> failure_;
};

}  // namespace polis::vm
