#include <p2p/peers/pinned.hpp>

#include <algorithm>

#include <core/integer.hpp>
#include <p2p/peers/time.hpp>

namespace polis::p2p {

namespace {

/// Failures beyond this make no pause longer.
constexpr std::uint32_t kDoublingsMax = 20;

}  // namespace

std::uint64_t Pauses::after(std::uint32_t failures) const {
    const std::uint64_t factor = std::uint64_t{1} << std::min(failures, kDoublingsMax);
    return std::min(saturating_mul(first_ms, factor), last_ms);
}

PinnedPeers::PinnedPeers(const Pauses& pauses, std::uint64_t seed)
    : pauses_(pauses), random_(seed, "pinned_peers") {}

bool PinnedPeers::add(const Dial& dial, TimeMs now) {
    const auto known = std::ranges::find_if(
        peers_, [&](const PinnedPeer& peer) { return peer.dial.endpoint == dial.endpoint; });
    if (known != peers_.end()) {
        known->dial = dial;
        known->failures = 0;
        known->next_dial = now;
        return true;
    }
    if (peers_.size() >= kPinnedMax) {
        return false;
    }
    peers_.push_back({.dial = dial, .seen = {}, .failures = 0, .next_dial = now});
    return true;
}

void PinnedPeers::remove(const NodeId& id) {
    std::erase_if(peers_, [&](const PinnedPeer& peer) { return peer.is(id); });
}

void PinnedPeers::remove(const Endpoint& endpoint) {
    std::erase_if(peers_, [&](const PinnedPeer& peer) { return peer.dial.endpoint == endpoint; });
}

bool PinnedPeers::contains(const NodeId& id) const {
    return std::ranges::any_of(peers_, [&](const PinnedPeer& peer) { return peer.is(id); });
}

bool PinnedPeers::contains(const Endpoint& endpoint) const {
    return std::ranges::any_of(
        peers_, [&](const PinnedPeer& peer) { return peer.dial.endpoint == endpoint; });
}

void PinnedPeers::answered(const Endpoint& endpoint, const NodeId& id) {
    for (PinnedPeer& peer : peers_) {
        if (peer.dial.endpoint == endpoint) {
            peer.seen = id;
        }
    }
}

void PinnedPeers::ended(PinnedPeer& peer, bool stable, TimeMs now) {
    const std::uint64_t pause = pauses_.after(stable ? 0 : peer.failures);
    peer.failures = stable ? 0 : saturating_add(peer.failures, 1U);
    // Nodes that lost each other at the same moment must not meet in step for ever.
    const std::uint64_t jitter = random_.between(0, pause / 4);
    peer.next_dial = std::max(peer.next_dial, later(now, pause + jitter));
}

void PinnedPeers::rest(PinnedPeer& peer, TimeMs now) {
    peer.next_dial = later(now, pauses_.last_ms);
}

}  // namespace polis::p2p
