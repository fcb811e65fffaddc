#pragma once

#include <array>
#include <cstddef>
#include <deque>

#include <core/bytes.hpp>
#include <p2p/session.hpp>

namespace polis::p2p {

/// The messages that wait for a peer, by channel, and their way into records: dearest channel
/// first, small messages together, long ones in fragments that leave room for dearer ones between.
class Outbox {
  public:
    explicit Outbox(const Session::Limits& limits) : bytes_max_(limits.queue_bytes_max) {}

    /// False if the channel's queue is full.
    [[nodiscard]] bool push(Channel channel, Bytes message);

    /// Appends frames of together at most `room` bytes; at least one if something waits.
    /// @pre room >= kFrameHeadBytes + kFrameTotalBytes + kFragmentBytesMin, at most kRecordPlainMax
    void fill(Bytes& out, std::size_t room);

    void clear();

    [[nodiscard]] bool empty() const;

    /// With what a message costs beside its bytes.
    [[nodiscard]] std::size_t queued_bytes(Channel channel) const {
        return queues_[static_cast<std::size_t>(channel)].bytes;
    }

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Queue {
        std::deque<Bytes> messages;
        std::size_t sent = 0;  ///< bytes of the first one that have gone
        std::size_t bytes = 0;
    };

    /// False if the room is used up.
    static bool fill_one(Queue& queue, std::uint8_t kind, Bytes& out, std::size_t& room);

    std::array<std::size_t, kChannels> bytes_max_;
    std::array<Queue, kChannels> queues_;
};

}  // namespace polis::p2p
