#include <vm/reader.hpp>

#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include <core/codec/utf8.hpp>

namespace polis::vm {

void Reader::fail_at(std::size_t offset, RejectionCode code, std::string detail) {
    if (failure_) {
        return;
    }
    failure_ = Rejection{.code = code, .offset = offset, .detail = std::move(detail)};
    offset_ = end_;
}

std::uint8_t Reader::byte() {
    if (offset_ == end_) {
        fail(RejectionCode::kTruncated);
        return 0;
    }
    return bytes_[offset_++];
}

ByteView Reader::take(std::size_t count) {
    if (count > remaining()) {
        fail(RejectionCode::kTruncated);
        return {};
    }
    const ByteView out = bytes_.subspan(offset_, count);
    offset_ += count;
    return out;
}

/// The standard's LEB128: at most ceil(bits / 7) bytes, and the unused bits of the last one are
/// zeros, or copies of the sign.
template <class T>
T Reader::leb() {
    constexpr unsigned kBits = sizeof(T) * 8;
    constexpr unsigned kBytesMax = (kBits + 6) / 7;
    constexpr unsigned kLastBits = kBits - 7 * (kBytesMax - 1);
    using Unsigned = std::make_unsigned_t<T>;
    Unsigned value = 0;
    for (unsigned i = 0; i < kBytesMax; ++i) {
        const std::uint8_t next = byte();
        const bool last = (next & 0x80) == 0;
        value |= static_cast<Unsigned>(static_cast<Unsigned>(next & 0x7f) << (7 * i));
        if (i + 1 == kBytesMax) {
            const unsigned unused = (next & 0x7fU) >> kLastBits;
            const bool negative = std::is_signed_v<T> && ((next >> (kLastBits - 1)) & 1) != 0;
            if (!last || unused != (negative ? 0x7fU >> kLastBits : 0)) {
                fail(RejectionCode::kBadNumber);
            }
        } else if (last) {
            if (std::is_signed_v<T> && (next & 0x40) != 0) {
                value |= static_cast<Unsigned>(~Unsigned{0} << (7 * (i + 1)));
            }
            break;
        }
    }
    return ok() ? static_cast<T>(value) : T{0};
}

std::uint32_t Reader::u32() { return leb<std::uint32_t>(); }

std::int32_t Reader::s32() { return leb<std::int32_t>(); }

std::int64_t Reader::s64() { return leb<std::int64_t>(); }

std::uint32_t Reader::count(std::uint32_t max, RejectionCode too_many) {
    const std::size_t where = offset_;
    const std::uint32_t out = u32();
    if (out > remaining()) {
        fail_at(where, RejectionCode::kBadCount, fmt::format("{} in {} bytes", out, remaining()));
        return 0;
    }
    if (out > max) {
        fail_at(where, too_many, fmt::format("{}, at most {}", out, max));
        return 0;
    }
    return ok() ? out : 0;
}

std::string_view Reader::name(std::uint32_t bytes_max) {
    const std::size_t where = offset_;
    const std::uint32_t size = u32();
    const ByteView bytes = take(size);
    if (!ok()) {
        return {};
    }
    if (!codec::is_utf8(bytes)) {
        fail_at(where, RejectionCode::kBadUtf8);
        return {};
    }
    if (size > bytes_max) {
        fail_at(
            where,
            RejectionCode::kNameTooLong,
            fmt::format("{} bytes, at most {}", size, bytes_max));
        return {};
    }
    return as_text(bytes);
}

std::size_t Reader::enter(std::size_t size) {
    const std::size_t outer_end = end_;
    if (size > remaining()) {
        fail(RejectionCode::kTruncated);
        return outer_end;
    }
    end_ = offset_ + size;
    return outer_end;
}

void Reader::leave(std::size_t outer_end, RejectionCode unread) {
    if (ok() && offset_ != end_) {
        fail(unread, fmt::format("{} bytes are left", end_ - offset_));
    }
    end_ = outer_end;
    if (!ok()) {
        offset_ = end_;
    }
}

}  // namespace polis::vm
