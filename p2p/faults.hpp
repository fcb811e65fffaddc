#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <p2p/session.hpp>

/// Bad networks for development: messages are delayed, lost, throttled or cut off on their way from
/// this node to a peer, without root and without a proxy. Off unless the node runs with dev
/// methods. Rules: docs/spec/peers.md.
namespace polis::p2p {

/// What happens to what this node sends to a peer.
struct LinkFaults {
    std::uint64_t latency_ms = 0;
    std::uint64_t jitter_ms = 0;    ///< added, uniformly from 0 to this
    std::uint32_t loss_ppm = 0;     ///< messages lost, of a million
    std::uint64_t bytes_per_s = 0;  ///< 0: no limit
    bool cut = false;               ///< nothing gets through

    bool operator==(const LinkFaults&) const = default;
};

/// The faults of a node's links, and the messages that they hold back.
///
/// Messages of one connection and channel keep their order. Deterministic: the same seed and calls
/// give the same releases.
class FaultyLinks {
  public:
    /// Held for one connection; a message beyond either is lost. One message always has room.
    static constexpr std::size_t kHeldBytesMax = std::size_t{32} << 20;
    static constexpr std::size_t kHeldMessagesMax = 65'536;
    /// No message is held longer, whatever the latency and bandwidth.
    static constexpr std::uint64_t kHeldMsMax = 600'000;

    explicit FaultyLinks(std::uint64_t seed);

    /// For one peer, or for all that have none of their own. What is held back already is scheduled
    /// anew under the new faults, from the time when it was sent.
    void set(const std::optional<NodeId>& peer, const LinkFaults& faults);

    /// Heals everything; what is held back is released next.
    void clear();
    [[nodiscard]] std::optional<LinkFaults> get(const std::optional<NodeId>& peer) const;
    [[nodiscard]] const std::map<NodeId, LinkFaults>& peers() const;

    /// True if something may be held back or lost, or still is: else the driver sends directly.
    [[nodiscard]] bool active() const;

    struct Released {
        std::uint32_t connection = 0;
        Channel channel = Channel::kControl;
        Bytes message;
    };

    /// Takes a message on its way; it is lost now or comes back from release() when it is due,
    /// which may be at once.
    void submit(
        std::uint32_t connection, const NodeId& peer, Channel channel, Bytes message, TimeMs now);
    void connection_closed(std::uint32_t connection);
    [[nodiscard]] std::vector<Released> release(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_release() const;

    [[nodiscard]] std::size_t held_bytes(std::uint32_t connection) const;

  private:
    struct Held {
        std::uint64_t sequence = 0;
        TimeMs sent;
        TimeMs due;
        Bytes message;
    };

    /// The messages of one channel, in the order in which they were sent and become due.
    using Line = std::deque<Held>;

    struct Link {
        NodeId peer;
        LinkFaults faults;
        std::array<Line, kChannels> lines;
        std::size_t count = 0;
        std::size_t bytes = 0;
        u128 free_us = 0;  ///< when the throttled link has sent all before
    };

    [[nodiscard]] const LinkFaults& faults_of(const NodeId& peer) const;
    [[nodiscard]] TimeMs due_of(Link& link, const Held& held);
    void reschedule();
    void reschedule(Link& link);

    Random random_;
    std::optional<LinkFaults> everyone_;
    std::map<NodeId, LinkFaults> peers_;
    std::map<std::uint32_t, Link> links_;  ///< connections that hold something back
    std::uint64_t sequence_ = 0;
};

}  // namespace polis::p2p
