#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <core/random.hpp>
#include <core/types.hpp>
#include <p2p/peers.hpp>

/// Peers that are always dialled: those of the configuration and of the operator.
namespace polis::p2p {

inline constexpr std::size_t kPinnedMax = 256;

/// Pauses between dials: the first one, doubling up to the longest.
struct Pauses {
    std::uint64_t first_ms = 0;
    std::uint64_t last_ms = 0;

    [[nodiscard]] std::uint64_t after(std::uint32_t failures) const;
};

struct PinnedPeer {
    Dial dial;
    std::optional<NodeId> seen;  ///< who answered there last
    std::uint32_t failures = 0;
    TimeMs next_dial;

    [[nodiscard]] bool is(const NodeId& id) const {
        return dial.expected ? *dial.expected == id : seen == id;
    }
};

class PinnedPeers {
  public:
    PinnedPeers(const Pauses& pauses, std::uint64_t seed);

    /// Takes a peer in, or has it dialled at once if it is there. False if there are too many.
    bool add(const Dial& dial, TimeMs now);
    void remove(const NodeId& id);
    void remove(const Endpoint& endpoint);

    [[nodiscard]] bool contains(const NodeId& id) const;
    [[nodiscard]] bool contains(const Endpoint& endpoint) const;

    void answered(const Endpoint& endpoint, const NodeId& id);

    /// A dial failed, or a connection ended; `stable` if it had lasted.
    void ended(PinnedPeer& peer, bool stable, TimeMs now);

    /// The next dial of this one waits for the longest pause.
    void rest(PinnedPeer& peer, TimeMs now);

    [[nodiscard]] std::vector<PinnedPeer>& all() { return peers_; }

    [[nodiscard]] const std::vector<PinnedPeer>& all() const { return peers_; }

  private:
    const Pauses pauses_;
    Random random_;
    std::vector<PinnedPeer> peers_;
};

}  // namespace polis::p2p
