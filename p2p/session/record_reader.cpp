#include <p2p/session/record_reader.hpp>

#include <algorithm>

#include <p2p/session/frame.hpp>

namespace polis::p2p {

namespace {

std::size_t length_at(ByteView head) { return head[0] | (std::size_t{head[1]} << 8); }

}  // namespace

bool RecordReader::hold(ByteView& input, std::size_t bytes) {
    if (held_.size() < bytes) {
        const ByteView more = input.first(std::min(input.size(), bytes - held_.size()));
        append(held_, more);
        input = input.subspan(more.size());
    }
    return held_.size() >= bytes;
}

std::optional<ByteView> RecordReader::next(
    ByteView& input, std::size_t bytes_min, std::size_t bytes_max) {
    if (spent_) {
        held_.clear();
        spent_ = false;
    }
    // Records that lie in the input whole are not copied.
    const bool direct = held_.empty() && input.size() >= kRecordHeadBytes;
    if (bad_length_ || (!direct && !hold(input, kRecordHeadBytes))) {
        return std::nullopt;
    }
    const std::size_t length = length_at(direct ? input : ByteView(held_));
    if (length < bytes_min || length > bytes_max) {
        bad_length_ = true;
        return std::nullopt;
    }
    const std::size_t whole = kRecordHeadBytes + length;
    if (direct && input.size() >= whole) {
        const ByteView record = input.subspan(kRecordHeadBytes, length);
        input = input.subspan(whole);
        return record;
    }
    if (!hold(input, whole)) {
        return std::nullopt;
    }
    spent_ = true;
    return ByteView(held_).subspan(kRecordHeadBytes);
}

}  // namespace polis::p2p
