#pragma once

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
/// methods.
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
/// Messages of one peer and channel keep their order. Deterministic: the same seed and calls give
/// the same releases.
class FaultyLinks {
  public:
    explicit FaultyLinks(std::uint64_t seed);

    /// For one peer, or for all that have none of their own.
    void set(const std::optional<NodeId>& peer, const LinkFaults& faults);
    void clear();
    [[nodiscard]] std::optional<LinkFaults> get(const std::optional<NodeId>& peer) const;
    [[nodiscard]] const std::map<NodeId, LinkFaults>& peers() const;

    /// True if something may be held back or lost: else the driver sends directly.
    [[nodiscard]] bool active() const;

    struct Released {
        std::uint32_t connection = 0;
        Channel channel = Channel::kControl;
        Bytes message;
    };

    /// Takes a message on its way; it is lost now or comes back from release() when it is due.
    void submit(
        std::uint32_t connection, const NodeId& peer, Channel channel, Bytes message, TimeMs now);
    void connection_closed(std::uint32_t connection);
    [[nodiscard]] std::vector<Released> release(TimeMs now);
    [[nodiscard]] std::optional<TimeMs> next_release() const;
};

}  // namespace polis::p2p
