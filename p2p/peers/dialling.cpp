#include <algorithm>
#include <utility>

#include <p2p/peers/machine.hpp>
#include <p2p/peers/time.hpp>

namespace polis::p2p {

void Peers::Impl::dial(const Dial& dial, Purpose purpose, TimeMs now) {
    dials_.emplace(dial.endpoint, purpose);
    book_.attempted(dial.endpoint, now);
    effects_.emplace_back(dial);
}

bool Peers::Impl::has_connection(const PinnedPeer& peer) const {
    if (dials_.contains(peer.dial.endpoint)) {
        return true;
    }
    return std::ranges::any_of(connections_, [&](const auto& entry) {
        const Connection& connection = entry.second;
        if (connection.state == State::kUp && peer.is(connection.id)) {
            return true;
        }
        return connection.direction == Direction::kOutbound &&
               connection.endpoint == peer.dial.endpoint;
    });
}

void Peers::Impl::dial_pinned(TimeMs now) {
    for (const PinnedPeer& peer : pinned_.all()) {
        const bool banned = peer.dial.expected && bans_.is_banned(*peer.dial.expected, now);
        if (peer.next_dial <= now && !banned && !has_connection(peer)) {
            dial(peer.dial, Purpose::kPinned, now);
        }
    }
}

std::optional<TimeMs> Peers::Impl::next_pinned() const {
    std::optional<TimeMs> out;
    for (const PinnedPeer& peer : pinned_.all()) {
        TimeMs at = peer.next_dial;
        if (peer.dial.expected) {
            const auto ban = bans_.all().find(*peer.dial.expected);
            at = ban == bans_.all().end() ? at : std::max(at, ban->second.until);
        }
        if ((!out || at < *out) && !has_connection(peer)) {
            out = at;
        }
    }
    return out;
}

std::size_t Peers::Impl::places_taken() const {
    const auto dials = std::ranges::count_if(
        dials_, [](const auto& dial) { return dial.second == Purpose::kPlace; });
    const auto open = std::ranges::count_if(connections_, [](const auto& entry) {
        return entry.second.purpose == Purpose::kPlace && entry.second.state != State::kClosing;
    });
    return static_cast<std::size_t>(dials + open);
}

bool Peers::Impl::feeler_out() const {
    return std::ranges::any_of(
               dials_, [](const auto& dial) { return dial.second == Purpose::kFeeler; }) ||
           std::ranges::any_of(connections_, [](const auto& entry) {
               return entry.second.purpose == Purpose::kFeeler;
           });
}

Peers::Impl::Occupied Peers::Impl::occupied() const {
    Occupied out;
    out.ids.insert(self_);
    out.endpoints = own_;
    for (const PinnedPeer& peer : pinned_.all()) {
        out.endpoints.insert(peer.dial.endpoint);
    }
    for (const auto& [endpoint, purpose] : dials_) {
        out.endpoints.insert(endpoint);
        if (purpose != Purpose::kFeeler) {
            ++out.groups[group(endpoint)];
        }
    }
    for (const auto& [id, connection] : connections_) {
        if (connection.state == State::kUp) {
            out.ids.insert(connection.id);
        }
        if (connection.listen) {
            out.endpoints.insert(*connection.listen);
        }
        if (connection.direction == Direction::kOutbound) {
            out.endpoints.insert(connection.endpoint);
            if (connection.purpose != Purpose::kFeeler) {
                ++out.groups[group(connection.endpoint)];
            }
        }
    }
    return out;
}

bool Peers::Impl::may_dial(const BookEntry& entry, const Occupied& occupied, TimeMs now) const {
    if (occupied.endpoints.contains(entry.endpoint)) {
        return false;
    }
    if (entry.id && (occupied.ids.contains(*entry.id) || bans_.is_banned(*entry.id, now))) {
        return false;
    }
    const bool untouched = entry.last_try == TimeMs{};
    return untouched || later(entry.last_try, rhythm_.dial.after(entry.failures)) <= now;
}

/// The next peer of the last run whom nothing forbids.
std::optional<Dial> Peers::Impl::next_anchor(TimeMs now) {
    while (!anchors_.empty()) {
        const Anchor anchor = anchors_.front();
        anchors_.erase(anchors_.begin());
        const Occupied taken = occupied();
        if (!taken.endpoints.contains(anchor.endpoint) && !taken.ids.contains(anchor.id) &&
            !bans_.is_banned(anchor.id, now)) {
            return Dial{.endpoint = anchor.endpoint, .expected = anchor.id};
        }
    }
    return std::nullopt;
}

/// Anchors first, then tried addresses, and untested ones only where no tried one is left: feelers
/// do the testing. So what strangers tell does not decide whom a node with a history speaks to.
void Peers::Impl::fill_places(TimeMs now) {
    fill_at_ = later(now, rhythm_.fill_ms);
    while (places_taken() < limits_.outbound_max) {
        if (const auto anchor = next_anchor(now)) {
            dial(*anchor, Purpose::kPlace, now);
            continue;
        }
        const Occupied taken = occupied();
        const auto eligible = [&](const BookEntry& entry) {
            const auto crowd = taken.groups.find(group(entry.endpoint));
            return (crowd == taken.groups.end() || crowd->second < kOutboundPerGroupMax) &&
                   may_dial(entry, taken, now);
        };
        auto endpoint = book_.pick(Table::kTried, random_, eligible);
        if (!endpoint) {
            endpoint = book_.pick(Table::kNew, random_, eligible);
        }
        if (!endpoint) {
            return;
        }
        dial({.endpoint = *endpoint, .expected = {}}, Purpose::kPlace, now);
    }
}

/// First an address whose place another one claims, then an untested one.
void Peers::Impl::send_feeler(TimeMs now) {
    feeler_at_ = later(now, rhythm_.feeler_ms + random_.below(rhythm_.feeler_ms / 2 + 1));
    if (feeler_out()) {
        return;
    }
    const Occupied taken = occupied();
    auto endpoint = book_.pick(Table::kTried, random_, [&](const BookEntry& entry) {
        return entry.challenged && may_dial(entry, taken, now);
    });
    if (!endpoint) {
        endpoint = book_.pick(Table::kNew, random_, [&](const BookEntry& entry) {
            return may_dial(entry, taken, now);
        });
    }
    if (endpoint) {
        dial({.endpoint = *endpoint, .expected = {}}, Purpose::kFeeler, now);
    }
}

void Peers::Impl::tick(TimeMs now) {
    bans_.expire(now);
    dial_pinned(now);
    if (fill_at_ <= now) {
        fill_places(now);
    }
    if (feeler_at_ <= now) {
        send_feeler(now);
    }
    ask_where_due(now);
    if (dirty_ && save_at_ <= now) {
        dirty_ = false;
        save_at_ = later(now, rhythm_.save_ms);
        effects_.emplace_back(BookChanged{});
    }
}

std::optional<TimeMs> Peers::Impl::next_timer() const {
    TimeMs out = feeler_at_;
    if (places_taken() < limits_.outbound_max) {
        out = std::min(out, fill_at_);
    }
    if (dirty_) {
        out = std::min(out, save_at_);
    }
    if (const auto pinned = next_pinned()) {
        out = std::min(out, *pinned);
    }
    for (const auto& [id, connection] : connections_) {
        if (asks(connection)) {
            const TimeMs at =
                connection.asked ? later(*connection.asked, rhythm_.answer_ms) : connection.ask_at;
            out = std::min(out, at);
        }
    }
    return out;
}

}  // namespace polis::p2p
