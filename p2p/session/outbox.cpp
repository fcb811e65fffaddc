#include <p2p/session/outbox.hpp>

#include <algorithm>
#include <utility>

#include <core/check.hpp>
#include <p2p/session/frame.hpp>

namespace polis::p2p {

namespace {

/// Memory of a message beside its bytes, about: so that empty ones are bounded too.
constexpr std::size_t kMessageCost = 64;

}  // namespace

bool Outbox::push(Channel channel, Bytes message) {
    const auto index = static_cast<std::size_t>(channel);
    Queue& queue = queues_[index];
    const std::size_t cost = message.size() + kMessageCost;
    if (queue.bytes + cost > bytes_max_[index]) {
        return false;
    }
    queue.bytes += cost;
    queue.messages.push_back(std::move(message));
    return true;
}

bool Outbox::fill_one(Queue& queue, std::uint8_t kind, Bytes& out, std::size_t& room) {
    const Bytes& message = queue.messages.front();
    const bool first = queue.sent == 0;
    const ByteView rest = ByteView(message).subspan(queue.sent);
    if (rest.size() + kFrameHeadBytes <= room) {
        const auto flags = static_cast<std::uint8_t>(kFrameLast | (first ? kFrameFirst : 0));
        write_frame_head(out, kind | flags, rest.size(), std::nullopt);
        append(out, rest);
        room -= kFrameHeadBytes + rest.size();
        queue.bytes -= message.size() + kMessageCost;
        queue.messages.pop_front();
        queue.sent = 0;
        return true;
    }
    const std::size_t head = kFrameHeadBytes + (first ? kFrameTotalBytes : 0);
    if (room < head + kFragmentBytesMin) {
        return false;
    }
    // Shorter than the rest: else it would have fitted above.
    const ByteView fragment = rest.first(room - head);
    if (first) {
        const auto total = static_cast<std::uint32_t>(message.size());
        write_frame_head(out, kind | kFrameFirst, fragment.size(), total);
    } else {
        write_frame_head(out, kind, fragment.size(), std::nullopt);
    }
    append(out, fragment);
    queue.sent += fragment.size();
    room = 0;
    return false;
}

void Outbox::fill(Bytes& out, std::size_t room) {
    POLIS_ASSERT_OP(room, >=, kFrameHeadBytes + kFrameTotalBytes + kFragmentBytesMin);
    POLIS_ASSERT_OP(room, <=, kRecordPlainMax);
    for (std::uint8_t kind = 0; kind < kChannels; ++kind) {
        Queue& queue = queues_[kind];
        while (!queue.messages.empty()) {
            if (!fill_one(queue, kind, out, room)) {
                return;
            }
        }
    }
}

void Outbox::clear() { queues_ = {}; }

bool Outbox::empty() const {
    return std::ranges::all_of(queues_, [](const Queue& queue) { return queue.messages.empty(); });
}

std::size_t Outbox::memory_bytes() const {
    std::size_t out = 0;
    for (const Queue& queue : queues_) {
        out += queue.bytes;
    }
    return out;
}

}  // namespace polis::p2p
