#include <p2p/session/frame.hpp>

#include <core/codec/borsh.hpp>

namespace polis::p2p {

std::string_view to_string(FrameError error) {
    switch (error) {
        case FrameError::kTruncated:
            return "a frame ends too early";
        case FrameError::kUnknownFlags:
            return "a frame has unknown flags";
        case FrameError::kSplitSpecial:
            return "a ping, pong or goodbye is in pieces";
        case FrameError::kCrumbs:
            return "a fragment is too small";
        case FrameError::kBadTotal:
            return "a first fragment has all of its message";
    }
    return "unknown frame error";
}

Result<Frame, FrameError> read_frame(codec::Reader& reader) {
    const auto head = reader.integer<std::uint8_t>();
    const auto body_bytes = reader.integer<std::uint16_t>();
    Frame frame{
        .kind = static_cast<std::uint8_t>(head & kFrameKindMask),
        .first = (head & kFrameFirst) != 0,
        .last = (head & kFrameLast) != 0,
        .total = body_bytes,
        .body = {}};
    const bool whole = frame.first && frame.last;
    if (frame.first && !frame.last) {
        frame.total = reader.integer<std::uint32_t>();
    }
    frame.body = reader.take(body_bytes);
    if (!reader.ok()) {
        return std::unexpected(FrameError::kTruncated);
    }
    if ((head & ~(kFrameKindMask | kFrameFlags)) != 0) {
        return std::unexpected(FrameError::kUnknownFlags);
    }
    if (frame.kind >= kChannels && !whole) {
        return std::unexpected(FrameError::kSplitSpecial);
    }
    const std::size_t body_bytes_min = whole ? 0 : frame.last ? 1 : kFragmentBytesMin;
    if (frame.body.size() < body_bytes_min) {
        return std::unexpected(FrameError::kCrumbs);
    }
    if (frame.first && !frame.last && frame.total <= frame.body.size()) {
        return std::unexpected(FrameError::kBadTotal);
    }
    return frame;
}

void write_frame_head(
    Bytes& out,
    std::uint8_t kind_and_flags,
    std::size_t body_bytes,
    std::optional<std::uint32_t> total) {
    codec::encode_to(out, kind_and_flags);
    codec::encode_to(out, static_cast<std::uint16_t>(body_bytes));
    if (total) {
        codec::encode_to(out, *total);
    }
}

}  // namespace polis::p2p
