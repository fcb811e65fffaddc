// What is inside and around a record. The first byte picks: frames as they come out of decryption,
// or a stream of records in portions. An accepted frame is the only encoding of its content, memory
// follows what came, no message is over its limit; and records do not depend on the portions.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <core/check.hpp>
#include <p2p/session/frame.hpp>
#include <p2p/session/inbox.hpp>
#include <p2p/session/record_reader.hpp>
#include <tests/fuzz/choices.hpp>

namespace polis::p2p {
namespace {

using fuzz::Choices;

Bytes encoded(const Frame& frame) {
    Bytes out;
    const unsigned flags = (frame.first ? kFrameFirst : 0U) | (frame.last ? kFrameLast : 0U);
    const bool with_total = frame.first && !frame.last;
    write_frame_head(
        out,
        static_cast<std::uint8_t>(frame.kind | flags),
        frame.body.size(),
        with_total ? std::optional(frame.total) : std::nullopt);
    append(out, frame.body);
    return out;
}

void run_frames(ByteView plain) {
    Session::Limits limits;
    limits.message_bytes_max = {100, 4'000, 3'000, 2'000, 1'000};
    limits.allowances[2] = {.messages_per_s = 1, .bytes_per_s = 200};
    Inbox inbox(limits, TimeMs{});
    codec::Reader reader(plain);
    while (reader.remaining() > 0) {
        const std::size_t begin = reader.offset();
        const auto frame = read_frame(reader);
        if (!frame) {
            return;
        }
        POLIS_ASSERT(equal(encoded(*frame), reader.since(begin)));
        if (frame->kind >= kChannels) {
            continue;
        }
        const auto message = inbox.take(*frame, TimeMs{});
        if (!message) {
            return;
        }
        if (*message) {
            POLIS_ASSERT_OP((*message)->size(), <=, limits.message_bytes_max[frame->kind]);
        }
        POLIS_ASSERT_OP(inbox.memory_bytes(), <=, 2 * plain.size());
    }
}

struct Records {
    std::vector<Bytes> all;
    bool bad_length = false;

    bool operator==(const Records&) const = default;
};

constexpr std::size_t kBytesMin = 2;
constexpr std::size_t kBytesMax = 60;

/// @param portion 0: all at once
Records read_records(ByteView bytes, std::size_t portion) {
    Records out;
    RecordReader reader;
    while (!bytes.empty()) {
        ByteView part = bytes.first(portion == 0 ? bytes.size() : std::min(portion, bytes.size()));
        bytes = bytes.subspan(part.size());
        while (const auto record = reader.next(part, kBytesMin, kBytesMax)) {
            out.all.push_back(to_bytes(*record));
        }
        POLIS_ASSERT(part.empty() || reader.bad_length());
        POLIS_ASSERT_OP(reader.memory_bytes(), <=, 2 * (kBytesMax + kRecordHeadBytes));
    }
    out.bad_length = reader.bad_length();
    return out;
}

}  // namespace
}  // namespace polis::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::fuzz::Choices choices({data, size});
    if (choices.byte() % 2 == 0) {
        polis::p2p::run_frames(choices.rest());
    } else {
        const std::size_t portion = choices.byte() % 70;
        const polis::ByteView bytes = choices.rest();
        POLIS_ASSERT(
            polis::p2p::read_records(bytes, portion) == polis::p2p::read_records(bytes, 0));
    }
    return 0;
}
