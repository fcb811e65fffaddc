#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <core/bytes.hpp>
#include <core/result.hpp>
#include <ml/protocol/messages.hpp>

namespace polis::trainer {

/// Why a connection cannot go on.
enum class LinkError : std::uint8_t {
    kFrameTooLarge,  ///< a length above kFrameBytesMax, or 0
    kBadMessage,     ///< a frame that is not the encoding of a message
    kWrongVersion,   ///< the other side speaks another version
    kBadProof,       ///< the token is not the host's
    kUnexpected,     ///< a message that has no place here
    kNoHello,        ///< no hello within kHelloMsMax
    kSilent,         ///< nothing for kSilenceMsMax
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(LinkError error);

/// The length as u32, little-endian, then the message.
[[nodiscard]] Bytes frame_of(const HostMessage& message);
[[nodiscard]] Bytes frame_of(const TrainerMessage& message);

/// Cuts a stream into messages. Keeps at most one frame and what has arrived behind it.
class FrameReader {
  public:
    void feed(ByteView bytes) { append(buffer_, bytes); }

    /// The next message, nothing if it is not complete yet. An error is final.
    /// @error kFrameTooLarge as soon as the length is there, kBadMessage
    template <class Message>
    [[nodiscard]] Result<std::optional<Message>, LinkError> next() {
        POLIS_TRY(const std::optional<ByteView> frame, peek());
        if (!frame) {
            return std::optional<Message>();
        }
        auto message = codec::decode<Message>(*frame);
        if (!message) {
            return std::unexpected(LinkError::kBadMessage);
        }
        drop(frame->size());
        return std::optional<Message>(*std::move(message));
    }

    [[nodiscard]] std::size_t buffered() const { return buffer_.size() - begin_; }

  private:
    /// The body of the first frame, if it is complete.
    [[nodiscard]] Result<std::optional<ByteView>, LinkError> peek() const;

    /// Takes the first frame, with its length, out of the buffer.
    void drop(std::size_t body_bytes);

    Bytes buffer_;
    std::size_t begin_ = 0;  ///< what is before it has been read
};

}  // namespace polis::trainer
