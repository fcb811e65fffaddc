#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <core/random.hpp>
#include <core/types.hpp>

namespace polis::sim {

/// A running program with a network address. Two of them may hold one member's keys: twins.
using NodeId = std::uint32_t;

struct NetworkProfile {
    std::uint64_t base_ms_max = 20;    ///< each link has its own least delay up to this
    std::uint64_t jitter_ms_max = 20;  ///< and its own spread up to this
    std::uint64_t slow_permille = 0;   ///< messages that take up to slow_ms_max longer
    std::uint64_t slow_ms_max = 0;
    std::uint64_t loss_permille = 0;
    std::uint64_t repeat_permille = 0;  ///< messages that arrive twice
    bool keeps_order = false;           ///< a link delivers in the order of sending
    std::size_t in_flight_max = 4'096;  ///< on one link; what is sent beyond is lost
};

using Link = std::pair<NodeId, NodeId>;  ///< from, to

/// Decides when a message arrives, how often, and whether at all. It holds no messages.
class Network {
  public:
    Network(std::uint64_t seed, std::size_t nodes, const NetworkProfile& profile);

    /// When the copies of a message that is sent now arrive; none: it is lost. Each copy counts as
    /// in flight until arrived().
    [[nodiscard]] std::vector<TimeMs> send(Link link, TimeMs now);

    void arrived(Link link);

    /// From now on nothing passes these links, whatever was cut before; what is in flight arrives.
    void cut(std::set<Link> links) { cut_ = std::move(links); }

    [[nodiscard]] bool is_cut(Link link) const { return cut_.contains(link); }

    [[nodiscard]] const std::set<Link>& cuts() const { return cut_; }

    /// The faults end: nothing is cut, lost, repeated or slow any more. Delays stay.
    void heal();

    /// Upper bound of a healed network's delay.
    [[nodiscard]] std::uint64_t delay_ms_max() const {
        return profile_.base_ms_max + profile_.jitter_ms_max;
    }

  private:
    struct LinkState {
        std::uint64_t base_ms = 0;
        std::uint64_t jitter_ms = 0;
        std::size_t in_flight = 0;
        TimeMs last_arrival;
    };

    [[nodiscard]] LinkState& state_of(Link link);
    [[nodiscard]] TimeMs arrival(LinkState& state, TimeMs now);

    std::size_t nodes_;
    NetworkProfile profile_;
    Random random_;
    std::vector<LinkState> links_;  ///< by from * nodes_ + to
    std::set<Link> cut_;
};

}  // namespace polis::sim
