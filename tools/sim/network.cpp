#include <tools/sim/network.hpp>

#include <algorithm>

#include <core/check.hpp>

namespace polis::sim {

namespace {

constexpr std::uint64_t kThousand = 1'000;

}  // namespace

Network::Network(std::uint64_t seed, std::size_t nodes, const NetworkProfile& profile)
    : nodes_(nodes), profile_(profile), random_(seed, "network"), links_(nodes * nodes) {
    Random random(seed, "links");
    for (LinkState& link : links_) {
        link.base_ms = random.between(1, std::max<std::uint64_t>(profile.base_ms_max, 1));
        link.jitter_ms = random.between(0, profile.jitter_ms_max);
    }
}

Network::LinkState& Network::state_of(Link link) {
    POLIS_ASSERT_OP(link.first, <, nodes_);
    POLIS_ASSERT_OP(link.second, <, nodes_);
    return links_[link.first * nodes_ + link.second];
}

TimeMs Network::arrival(LinkState& state, TimeMs now) {
    std::uint64_t delay_ms = state.base_ms + random_.between(0, state.jitter_ms);
    if (random_.chance(profile_.slow_permille, kThousand)) {
        delay_ms += random_.between(0, profile_.slow_ms_max);
    }
    TimeMs at{now.value + delay_ms};
    if (profile_.keeps_order) {
        at = std::max(at, state.last_arrival);
    }
    state.last_arrival = std::max(at, state.last_arrival);
    return at;
}

std::vector<TimeMs> Network::send(Link link, TimeMs now) {
    LinkState& state = state_of(link);
    if (is_cut(link) || random_.chance(profile_.loss_permille, kThousand)) {
        return {};
    }
    const std::size_t copies = random_.chance(profile_.repeat_permille, kThousand) ? 2 : 1;
    std::vector<TimeMs> out;
    for (std::size_t i = 0; i < copies && state.in_flight < profile_.in_flight_max; ++i) {
        ++state.in_flight;
        out.push_back(arrival(state, now));
    }
    return out;
}

void Network::arrived(Link link) {
    LinkState& state = state_of(link);
    POLIS_ASSERT_OP(state.in_flight, >, 0);
    --state.in_flight;
}

void Network::heal() {
    cut_.clear();
    for (LinkState& link : links_) {
        link.last_arrival = {};  // nobody waits any more behind what was slow
    }
    profile_.slow_permille = 0;
    profile_.loss_permille = 0;
    profile_.repeat_permille = 0;
}

}  // namespace polis::sim
