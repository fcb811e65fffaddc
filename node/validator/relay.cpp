#include <node/validator/relay.hpp>

#include <core/integer.hpp>

namespace polis::node {

namespace {

bool within(TimeMs since, std::uint64_t ms, TimeMs now) {
    return now < TimeMs{saturating_add(since.value, ms)};
}

}  // namespace

void Relay::peer_joined(PeerId peer) {
    peer_left(peer);
    peers_.insert(peer);
    for (auto& [origin, ways] : ways_) {
        ways.emplace(peer, TimeMs{});
    }
}

void Relay::peer_left(PeerId peer) {
    peers_.erase(peer);
    for (auto& [origin, ways] : ways_) {
        ways.erase(peer);
    }
    std::erase_if(pruned_, [peer](const auto& item) { return item.first.first == peer; });
    std::erase_if(spokesmen_, [peer](const auto& item) { return item.second == peer; });
}

void Relay::said(const Signature& name, Height height, TimeMs now) {
    seen_[{height, name}] = Seen{.at = now, .from = std::nullopt, .direct = true};
}

std::optional<PeerId> Relay::tell_once(PeerId peer, const PublicKey& origin, TimeMs now) {
    const auto [entry, is_new] = pruned_.try_emplace({peer, origin}, now);
    if (!is_new && within(entry->second, options_.window_ms, now)) {
        return std::nullopt;  // it cannot have heard yet
    }
    entry->second = now;
    return peer;
}

std::optional<Relay::Repeated> Relay::repeated(const Sighting& sighting, TimeMs now) {
    const auto found = seen_.find({sighting.height, sighting.name});
    if (found == seen_.end() || !within(found->second.at, options_.window_ms, now)) {
        return std::nullopt;
    }
    Seen& first = found->second;
    if (first.from == sighting.from) {
        first.direct = first.direct || sighting.direct;
        return Repeated{};
    }
    if (!sighting.direct) {
        return Repeated{tell_once(sighting.from, sighting.origin, now)};
    }
    if (first.direct) {
        return Repeated{};  // two peers speak for one member: neither is to be spared
    }
    spokesmen_[sighting.origin] = sighting.from;
    const PeerId detour = *first.from;
    first.from = sighting.from;
    first.direct = true;
    return Repeated{tell_once(detour, sighting.origin, now)};
}

/// What is said again is passed on again only if it comes the way it came first, or from the
/// member: those ways make a tree, so nothing goes round in circles however slow the network is.
bool Relay::is_next(const Seen& first, const Sighting& again) const {
    return first.from &&
           (again.direct || again.from == *first.from || !peers_.contains(*first.from));
}

void Relay::note(const Sighting& sighting, TimeMs now) {
    if (sighting.direct && peers_.contains(sighting.from)) {
        spokesmen_[sighting.origin] = sighting.from;
    }
    const auto [place, is_new] = seen_.try_emplace({sighting.height, sighting.name});
    if (is_new) {
        std::size_t& count = counts_[{sighting.height, sighting.origin}];
        if (count >= options_.member_count_max) {
            seen_.erase(place);
            return;
        }
        ++count;
    } else if (!is_next(place->second, sighting)) {
        return;
    }
    place->second = Seen{.at = now, .from = sighting.from, .direct = sighting.direct};
}

std::vector<PeerId> Relay::targets(const Sighting& sighting, std::size_t bytes, TimeMs now) const {
    std::vector<PeerId> out;
    const auto known = seen_.find({sighting.height, sighting.name});
    if (known != seen_.end() && !is_next(known->second, sighting)) {
        return out;
    }
    const auto said = counts_.find({sighting.height, sighting.origin});
    if (known == seen_.end() && said != counts_.end() &&
        said->second >= options_.member_count_max) {
        return out;  // no honest member says so much
    }
    const auto ways = ways_.find(sighting.origin);
    if (ways == ways_.end()) {
        out.assign(peers_.begin(), peers_.end());
        std::erase(out, sighting.from);
        return out;
    }
    for (const auto& [peer, open_at] : ways->second) {
        if (peer != sighting.from && (bytes <= options_.small_bytes || now >= open_at)) {
            out.push_back(peer);
        }
    }
    return out;
}

void Relay::prune(PeerId peer, const PublicKey& origin) {
    if (!peers_.contains(peer)) {
        return;
    }
    const auto [ways, is_new] = ways_.try_emplace(origin);
    if (is_new) {
        for (const PeerId other : peers_) {
            ways->second.emplace(other, TimeMs{});
        }
    }
    ways->second.erase(peer);
}

void Relay::graft(PeerId peer, const std::vector<PublicKey>& origins, TimeMs now) {
    if (!peers_.contains(peer)) {
        return;
    }
    const TimeMs open_at{saturating_add(now.value, options_.probation_ms)};
    for (const PublicKey& origin : origins) {
        if (const auto ways = ways_.find(origin); ways != ways_.end()) {
            ways->second.emplace(peer, open_at);
        }
    }
}

std::vector<PublicKey> Relay::heal(bool all) {
    std::set<PublicKey> missed;
    std::erase_if(pruned_, [&](const auto& item) {
        const PublicKey& origin = item.first.second;
        const bool reopened = all || !spokesmen_.contains(origin);
        if (reopened) {
            missed.insert(origin);
        }
        return reopened;
    });
    return {missed.begin(), missed.end()};
}

void Relay::forget(Height height) {
    std::erase_if(seen_, [height](const auto& item) { return item.first.first <= height; });
    std::erase_if(counts_, [height](const auto& item) { return item.first.first <= height; });
}

std::size_t Relay::memory_bytes() const {
    constexpr std::size_t kNode = 4 * sizeof(void*);  // of a tree
    return seen_.size() * (kNode + sizeof(Height) + sizeof(Signature) + sizeof(Seen)) +
           counts_.size() * (kNode + sizeof(Height) + sizeof(PublicKey) + sizeof(std::size_t)) +
           spokesmen_.size() * (kNode + sizeof(PublicKey) + sizeof(PeerId)) +
           ways_.size() * (kNode + sizeof(PublicKey) + sizeof(Ways) +
                           peers_.size() * (kNode + sizeof(Ways::value_type))) +
           pruned_.size() * (kNode + sizeof(Way) + sizeof(TimeMs));
}

}  // namespace polis::node
