#include <ml/protocol/frames.hpp>

#include <core/check.hpp>

namespace polis::trainer {

namespace {

constexpr std::size_t kLengthBytes = 4;

template <class Message>
Bytes framed(const Message& message) {
    const Bytes body = codec::encode(message);
    POLIS_ASSERT_OP(body.size(), <=, kFrameBytesMax);
    Bytes out;
    out.reserve(kLengthBytes + body.size());
    codec::encode_to(out, static_cast<std::uint32_t>(body.size()));
    append(out, body);
    return out;
}

}  // namespace

std::string_view to_string(LinkError error) {
    switch (error) {
        case LinkError::kFrameTooLarge:
            return "a message longer than any legal one; is this a trainer?";
        case LinkError::kBadMessage:
            return "bytes that are no message; node and polis-trainer must be of one version";
        case LinkError::kWrongVersion:
            return "another protocol version; install polis-trainer and polisd of one version";
        case LinkError::kBadProof:
            return "the token is wrong; both sides must read the same token file";
        case LinkError::kUnexpected:
            return "a message that has no place here; node and polis-trainer must be of one "
                   "version";
        case LinkError::kNoHello:
            return "no hello in time; is the machine overloaded, or the program no trainer?";
        case LinkError::kSilent:
            return "silent for too long; the process hangs or the network is cut";
    }
    return "unknown";
}

Bytes frame_of(const HostMessage& message) { return framed(message); }

Bytes frame_of(const TrainerMessage& message) { return framed(message); }

Result<std::optional<ByteView>, LinkError> FrameReader::peek() const {
    const ByteView rest = ByteView{buffer_}.subspan(begin_);
    if (rest.size() < kLengthBytes) {
        return std::optional<ByteView>();
    }
    codec::Reader reader(rest);
    const auto length = reader.integer<std::uint32_t>();
    if (length == 0 || length > kFrameBytesMax) {
        return std::unexpected(LinkError::kFrameTooLarge);
    }
    if (reader.remaining() < length) {
        return std::optional<ByteView>();
    }
    return std::optional<ByteView>(reader.take(length));
}

void FrameReader::drop(std::size_t body_bytes) {
    begin_ += kLengthBytes + body_bytes;
    if (begin_ == buffer_.size()) {
        buffer_.clear();
        begin_ = 0;
    } else if (begin_ > buffer_.size() / 2) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
}

}  // namespace polis::trainer
