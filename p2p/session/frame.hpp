#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/codec/reader.hpp>
#include <core/result.hpp>
#include <p2p/noise/cipher_state.hpp>
#include <p2p/session.hpp>

/// What stands inside a record: frames, each a whole message or a fragment of one. Bytes:
/// docs/formats/p2p.md.
namespace polis::p2p {

/// The most plaintext of a record.
inline constexpr std::size_t kRecordPlainMax = noise::kMessageBytesMax - crypto::kAeadTagBytes;

/// The length before a record.
inline constexpr std::size_t kRecordHeadBytes = 2;

/// Bytes of a record beside its plaintext.
inline constexpr std::size_t kRecordOverhead = kRecordHeadBytes + crypto::kAeadTagBytes;

/// A fragment that is not the last of its message has at least so many bytes: a peer cannot make
/// us work on crumbs.
inline constexpr std::size_t kFragmentBytesMin = 1'024;

/// Values 0 to 4 are the channels.
inline constexpr std::uint8_t kFramePing = 5;
inline constexpr std::uint8_t kFramePong = 6;
inline constexpr std::uint8_t kFrameGoodbye = 7;

inline constexpr std::uint8_t kFrameKindMask = 0x07;
inline constexpr std::uint8_t kFrameFirst = 0x08;
inline constexpr std::uint8_t kFrameLast = 0x10;
inline constexpr std::uint8_t kFrameFlags = kFrameFirst | kFrameLast;

inline constexpr std::size_t kFrameHeadBytes = 3;
inline constexpr std::size_t kFrameTotalBytes = 4;

struct Frame {
    std::uint8_t kind = 0;  ///< a channel, or one of the three above
    bool first = false;
    bool last = false;
    std::uint32_t total = 0;  ///< of the message; only in its first frame
    ByteView body;
};

enum class FrameError : std::uint8_t {
    kTruncated,     ///< ends inside the frame
    kUnknownFlags,  ///< a bit that means nothing
    kSplitSpecial,  ///< a ping, pong or goodbye in pieces
    kCrumbs,        ///< a fragment that is too small
    kBadTotal,      ///< a first fragment that already has all of the message
};

[[nodiscard]] std::string_view to_string(FrameError error);

/// The next frame of a record's plaintext. @pre reader.remaining() > 0
[[nodiscard]] Result<Frame, FrameError> read_frame(codec::Reader& reader);

/// Appends the head of a frame with `body_bytes` to follow. `total` of a first fragment only.
void write_frame_head(
    Bytes& out,
    std::uint8_t kind_and_flags,
    std::size_t body_bytes,
    std::optional<std::uint32_t> total);

}  // namespace polis::p2p
