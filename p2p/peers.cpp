#include <p2p/peers.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <p2p/peers/eviction.hpp>
#include <p2p/peers/machine.hpp>
#include <p2p/peers/time.hpp>

namespace polis::p2p {

namespace {

Hash fresh_secret(std::uint64_t seed, const NodeId& self) {
    return crypto::Blake2b256(crypto::kDomainPeerBook)
        .update(codec::encode(seed))
        .update(self.view())
        .finish();
}

Hash secret_of(const std::optional<SavedBook>& saved, const Peers::Setup& setup) {
    return saved ? saved->secret : fresh_secret(setup.random_seed, setup.self);
}

std::string end_text(std::optional<CloseReason> why) {
    return why ? std::string(to_string(*why)) : "broke the rules of connections";
}

bool is_other_network(std::optional<CloseReason> why) {
    return why == CloseReason::kWrongChain || why == CloseReason::kWrongGenesis ||
           why == CloseReason::kWrongVersion;
}

}  // namespace

Rhythm rhythm_of(const Peers::Limits& limits) {
    const auto quicker = [&](std::uint64_t usual, std::uint64_t local) {
        return std::max<std::uint64_t>(1, limits.local_network ? std::min(usual, local) : usual);
    };
    return {
        .dial =
            {.first_ms = quicker(limits.dial_retry_ms, 100),
             .last_ms = quicker(limits.dial_retry_ms_max, 2'000)},
        .exchange_ms = quicker(limits.exchange_ms, 1'000),
        .answer_ms = std::max<std::uint64_t>(limits.exchange_ms, 10'000),
        .question_refill_ms = quicker(5'000, 200),
        .fill_ms = quicker(1'000, 100),
        .feeler_ms = quicker(60'000, 2'000),
        .stable_ms = quicker(10'000, 1'000),
        .save_ms = quicker(30'000, 2'000)};
}

Peers::Impl::Impl(Setup setup, TimeMs now)
    : self_(setup.self),
      limits_(setup.limits),
      rhythm_(rhythm_of(setup.limits)),
      random_(setup.random_seed, "peers"),
      book_(secret_of(decode_book(setup.book), setup), setup.limits.local_network),
      pinned_(rhythm_.dial, setup.random_seed),
      now_(now),
      fill_at_(now),
      feeler_at_(later(now, rhythm_.feeler_ms)),
      save_at_(later(now, rhythm_.save_ms)) {
    if (auto saved = decode_book(setup.book)) {
        for (BookEntry& entry : saved->entries) {
            book_.restore(std::move(entry), now);
        }
        for (const auto& [id, ban] : saved->bans) {
            bans_.add(id, ban.until, ban.reason);
        }
        anchors_ = std::move(saved->anchors);
    } else {
        book_dropped_ = !setup.book.empty();
    }
    for (const Dial& peer : setup.boot) {
        if (peer.expected != self_) {
            (void)pinned_.add(peer, now);
        }
    }
}

AddressGroup Peers::Impl::group(const Endpoint& endpoint) const {
    return group_of(endpoint, limits_.local_network);
}

// ---- sockets ------------------------------------------------------------------------------------

bool Peers::Impl::accepted(ConnectionId connection, const Endpoint& from, TimeMs now) {
    now_ = std::max(now_, now);
    std::size_t half_open = 0;
    std::size_t half_open_group = 0;
    std::size_t of_group = 0;
    const AddressGroup its_group = group(from);
    for (const auto& [id, other] : connections_) {
        if (other.direction != Direction::kInbound || other.state == State::kClosing) {
            continue;
        }
        const bool same_group = group(other.endpoint) == its_group;
        const bool is_half_open = other.state == State::kHalfOpen;
        half_open += is_half_open ? 1 : 0;
        half_open_group += is_half_open && same_group ? 1 : 0;
        of_group += same_group ? 1 : 0;
    }
    if (half_open >= limits_.half_open_max || half_open_group >= limits_.half_open_address_max ||
        of_group >= limits_.address_max) {
        return false;
    }
    Connection fresh;
    fresh.endpoint = from;
    POLIS_ASSERT(connections_.emplace(connection, std::move(fresh)).second);
    return true;
}

void Peers::Impl::dialled(ConnectionId connection, const Endpoint& endpoint, TimeMs now) {
    now_ = std::max(now_, now);
    const auto dial = dials_.find(endpoint);
    Connection fresh;
    fresh.direction = Direction::kOutbound;
    fresh.purpose = Purpose::kPlace;
    fresh.endpoint = endpoint;
    if (dial != dials_.end()) {
        fresh.purpose = dial->second;
        dials_.erase(dial);
    }
    POLIS_ASSERT(connections_.emplace(connection, std::move(fresh)).second);
}

void Peers::Impl::dial_failed(const Endpoint& endpoint, TimeMs now) {
    now_ = std::max(now_, now);
    dials_.erase(endpoint);
    book_.failed(endpoint, now);
    for (PinnedPeer& peer : pinned_.all()) {
        if (peer.dial.endpoint == endpoint) {
            pinned_.ended(peer, /*stable=*/false, now);
        }
    }
}

// ---- handshakes ---------------------------------------------------------------------------------

void Peers::Impl::established(ConnectionId id, const Remote& remote, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second.state != State::kHalfOpen) {
        return;
    }
    Connection& connection = found->second;
    connection.id = remote.id;
    connection.nonce = remote.hello.nonce;
    connection.agent = remote.hello.agent;
    if (remote.id == self_) {
        if (connection.direction == Direction::kOutbound) {
            remember_own(connection.endpoint);
        }
        drop(id, "this is the node itself");
        return;
    }
    if (bans_.is_banned(remote.id, now)) {
        drop(id, "banned");
        return;
    }
    if (connection.direction == Direction::kOutbound) {
        connection.listen = connection.endpoint;
        book_.connected(connection.endpoint, remote.id, now);
        pinned_.answered(connection.endpoint, remote.id);
        changed();
    } else if (remote.hello.listen_port != 0) {
        connection.listen =
            Endpoint{.address = connection.endpoint.address, .port = remote.hello.listen_port};
        if (book_.add(*connection.listen, {.id = remote.id, .endpoint = *connection.listen})) {
            changed();
        }
    }
    if (const auto other = find_up(remote.id)) {
        settle_duplicate(id, *other, remote);
    }
    if (connection.state != State::kClosing && make_room(id, now)) {
        come_up(id, now);
    }
}

/// Both ends see the same two connections, perhaps in another order, and must keep the same one.
/// A connection of another run replaces what is left of the run before; otherwise the one that the
/// smaller id dialled stays, and of two in one direction the later one.
void Peers::Impl::settle_duplicate(ConnectionId id, ConnectionId other, const Remote& remote) {
    const Connection& fresh = connections_.at(id);
    const Connection& old = connections_.at(other);
    bool keep_fresh = true;
    if (old.nonce == fresh.nonce && old.direction != fresh.direction) {
        const bool we_dialled = fresh.direction == Direction::kOutbound;
        keep_fresh = we_dialled == (self_ < remote.id);
    }
    drop(keep_fresh ? other : id, "there is another connection to this peer");
}

bool Peers::Impl::make_room(ConnectionId id, TimeMs now) {
    const Connection& fresh = connections_.at(id);
    if (fresh.purpose == Purpose::kFeeler) {
        const bool may_stay = places_taken() < limits_.outbound_max &&
                              occupied().groups[group(fresh.endpoint)] < kOutboundPerGroupMax;
        if (may_stay) {
            connections_.at(id).purpose = Purpose::kPlace;
        } else {
            drop(id, "only looked whether you are there");
        }
        return may_stay;
    }
    if (fresh.direction == Direction::kOutbound || is_pinned(fresh)) {
        return true;
    }
    std::vector<Evictable> inbound;
    for (const auto& [other, connection] : connections_) {
        if (connection.direction == Direction::kInbound && connection.state == State::kUp &&
            !is_pinned(connection)) {
            const AddressGroup its_group = group(connection.endpoint);
            const Hash rank = crypto::Blake2b256(crypto::kDomainPeerBook)
                                  .update(book_.secret().view())
                                  .update(its_group.bytes)
                                  .finish();
            inbound.push_back(
                {.connection = other,
                 .group = its_group,
                 .group_rank = from_big_endian<std::uint64_t>(rank.view()),
                 .since = connection.since,
                 .helped = connection.helped,
                 .score = scores_.at(connection.id, now)});
        }
    }
    if (inbound.size() < limits_.inbound_max) {
        return true;
    }
    const auto leaves = choose_eviction(std::move(inbound));
    drop(leaves.value_or(id), leaves ? "the place is needed for another peer" : "no place left");
    return leaves.has_value();
}

void Peers::Impl::come_up(ConnectionId id, TimeMs now) {
    Connection& connection = connections_.at(id);
    connection.state = State::kUp;
    connection.since = now;
    connection.ask_at = now;
    connection.questions_filled = now;
    effects_.emplace_back(PeerUp{
        .connection = id,
        .id = connection.id,
        .endpoint = connection.endpoint,
        .direction = connection.direction});
    ask_where_due(now);
}

void Peers::Impl::remember_own(const Endpoint& endpoint) {
    if (own_.size() < kOwnEndpointsMax) {
        own_.insert(endpoint);
    }
    book_.remove(endpoint);
    pinned_.remove(endpoint);
}

std::optional<ConnectionId> Peers::Impl::find_up(const NodeId& id) const {
    const auto found = std::ranges::find_if(connections_, [&](const auto& entry) {
        return entry.second.state == State::kUp && entry.second.id == id;
    });
    return found == connections_.end() ? std::nullopt : std::optional{found->first};
}

/// An inbound peer is a pinned one by its identity only: anybody may claim a listen address.
bool Peers::Impl::is_pinned(const Connection& connection) const {
    return connection.purpose == Purpose::kPinned || pinned_.contains(connection.id);
}

// ---- ends ---------------------------------------------------------------------------------------

void Peers::Impl::drop(ConnectionId id, std::string_view reason) {
    Connection& connection = connections_.at(id);
    if (connection.state == State::kUp) {
        effects_.emplace_back(PeerDown{id});
    }
    connection.state = State::kClosing;
    effects_.emplace_back(Disconnect{.connection = id, .reason = std::string(reason)});
}

void Peers::Impl::closed(
    ConnectionId id, std::optional<CloseReason> why, bool misbehaved, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = connections_.find(id);
    if (found == connections_.end()) {
        return;
    }
    const Connection connection = std::move(found->second);
    connections_.erase(found);
    if (connection.state == State::kUp) {
        effects_.emplace_back(PeerDown{id});
        if (misbehaved) {
            punish(connection.id, Offence::kBrokeProtocol, end_text(why), now);
        } else if (why == CloseReason::kFlooding) {
            punish(connection.id, Offence::kFlooding, end_text(why), now);
        }
    }
    if (connection.direction == Direction::kOutbound) {
        ended(connection, why, now);
    }
}

void Peers::Impl::ended(const Connection& connection, std::optional<CloseReason> why, TimeMs now) {
    if (why == CloseReason::kSelf) {
        remember_own(connection.endpoint);
        return;
    }
    const bool lasted =
        connection.since != TimeMs{} && ms_between(connection.since, now) >= rhythm_.stable_ms;
    const bool replaced = connection.state != State::kHalfOpen && find_up(connection.id);
    for (PinnedPeer& peer : pinned_.all()) {
        if (peer.dial.endpoint == connection.endpoint) {
            pinned_.ended(peer, lasted || replaced, now);
        }
    }
    if (connection.state == State::kClosing || lasted || replaced) {
        return;
    }
    const BookEntry* entry = book_.find(connection.endpoint);
    if (entry != nullptr && entry->table == Table::kNew && is_other_network(why)) {
        book_.remove(connection.endpoint);
    } else {
        book_.failed(connection.endpoint, now);
    }
}

// ---- offences -----------------------------------------------------------------------------------

void Peers::Impl::offended(ConnectionId id, Offence offence, std::string_view reason, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = connections_.find(id);
    if (found != connections_.end() && found->second.state == State::kUp) {
        punish(found->second.id, offence, reason, now);
    }
}

/// A pinned peer is an operator's choice: it is sent away for the longest pause, but not banned.
void Peers::Impl::punish(const NodeId& id, Offence offence, std::string_view reason, TimeMs now) {
    if (scores_.add(id, points_of(offence), now) < kBanPoints) {
        return;
    }
    scores_.forget(id);
    if (!pinned_.contains(id)) {
        ban(id, reason, later(now, limits_.ban_ms), now);
        return;
    }
    for (PinnedPeer& peer : pinned_.all()) {
        if (peer.is(id)) {
            pinned_.rest(peer, now);
        }
    }
    if (const auto connection = find_up(id)) {
        drop(*connection, reason);
    }
}

void Peers::Impl::ban(const NodeId& id, std::string_view reason, TimeMs until, TimeMs now) {
    now_ = std::max(now_, now);
    bans_.add(id, until, reason);
    if (const auto connection = find_up(id)) {
        drop(*connection, reason);
    }
    effects_.emplace_back(BookChanged{});
}

void Peers::Impl::unban(const NodeId& id) {
    bans_.remove(id);
    scores_.forget(id);
    changed();
}

void Peers::Impl::helped(ConnectionId id, TimeMs now) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) {
        found->second.helped = now;
    }
}

// ---- the operator -------------------------------------------------------------------------------

void Peers::Impl::add(const Dial& peer, TimeMs now) {
    now_ = std::max(now_, now);
    if (peer.expected == self_ || own_.contains(peer.endpoint)) {
        return;
    }
    if (peer.expected) {
        unban(*peer.expected);
    }
    (void)pinned_.add(peer, now);
    dial_pinned(now);
}

void Peers::Impl::remove(const NodeId& id, TimeMs now) {
    now_ = std::max(now_, now);
    pinned_.remove(id);
    if (const auto connection = find_up(id)) {
        drop(*connection, "removed by the operator");
    }
}

std::vector<PeerView> Peers::Impl::peers() const {
    std::vector<PeerView> out;
    for (const auto& [id, connection] : connections_) {
        if (connection.state == State::kUp) {
            out.push_back(
                {.connection = id,
                 .id = connection.id,
                 .endpoint = connection.endpoint,
                 .direction = connection.direction,
                 .agent = connection.agent,
                 .score = scores_.at(connection.id, now_),
                 .since = connection.since,
                 .pinned = is_pinned(connection)});
        }
    }
    return out;
}

std::vector<BanView> Peers::Impl::bans() const {
    std::vector<BanView> out;
    for (const auto& [id, ban] : bans_.all()) {
        if (ban.until > now_) {
            out.push_back({.id = id, .until = ban.until, .reason = ban.reason});
        }
    }
    return out;
}

std::size_t Peers::Impl::known_count() const { return book_.entries().size(); }

Bytes Peers::Impl::save() const {
    SavedBook book;
    book.secret = book_.secret();
    for (const auto& [endpoint, entry] : book_.entries()) {
        book.entries.push_back(entry);
    }
    std::vector<std::pair<TimeMs, Anchor>> stayed;
    for (const auto& [id, connection] : connections_) {
        if (connection.state == State::kUp && connection.purpose == Purpose::kPlace) {
            stayed.emplace_back(
                connection.since, Anchor{.endpoint = connection.endpoint, .id = connection.id});
        }
    }
    std::ranges::sort(stayed, {}, [](const auto& item) {
        return std::tuple(item.first, item.second.endpoint, item.second.id);
    });
    for (auto& [since, anchor] : stayed) {
        book.anchors.push_back(anchor);
    }
    // A node that stops before it has dialled its anchors keeps them.
    book.anchors.insert(book.anchors.end(), anchors_.begin(), anchors_.end());
    book.anchors.resize(std::min(book.anchors.size(), kAnchorsMax));
    book.bans = bans_.all();
    return encode_book(book);
}

// ---- the face -----------------------------------------------------------------------------------

Peers::Peers(Setup setup, TimeMs now) : impl_(std::make_unique<Impl>(std::move(setup), now)) {}

Peers::~Peers() = default;

bool Peers::accepted(ConnectionId connection, const Endpoint& from, TimeMs now) {
    return impl_->accepted(connection, from, now);
}

void Peers::dialled(ConnectionId connection, const Endpoint& endpoint, TimeMs now) {
    impl_->dialled(connection, endpoint, now);
}

PeersEffects Peers::dial_failed(const Endpoint& endpoint, TimeMs now) {
    impl_->dial_failed(endpoint, now);
    return impl_->take();
}

PeersEffects Peers::established(ConnectionId connection, const Remote& remote, TimeMs now) {
    impl_->established(connection, remote, now);
    return impl_->take();
}

PeersEffects Peers::closed(
    ConnectionId connection, std::optional<CloseReason> why, bool misbehaved, TimeMs now) {
    impl_->closed(connection, why, misbehaved, now);
    return impl_->take();
}

void Peers::helped(ConnectionId connection, TimeMs now) { impl_->helped(connection, now); }

PeersEffects Peers::control(ConnectionId connection, ByteView bytes, TimeMs now) {
    impl_->control(connection, bytes, now);
    return impl_->take();
}

PeersEffects Peers::offended(
    ConnectionId connection, Offence offence, std::string_view reason, TimeMs now) {
    impl_->offended(connection, offence, reason, now);
    return impl_->take();
}

PeersEffects Peers::tick(TimeMs now) {
    impl_->tick(now);
    return impl_->take();
}

std::optional<TimeMs> Peers::next_timer() const { return impl_->next_timer(); }

PeersEffects Peers::add(const Dial& peer, TimeMs now) {
    impl_->add(peer, now);
    return impl_->take();
}

PeersEffects Peers::remove(const NodeId& id, TimeMs now) {
    impl_->remove(id, now);
    return impl_->take();
}

PeersEffects Peers::ban(
    const NodeId& id, std::string_view reason, std::uint64_t ban_ms, TimeMs now) {
    impl_->ban(id, reason, later(now, ban_ms), now);
    return impl_->take();
}

void Peers::unban(const NodeId& id) { impl_->unban(id); }

std::vector<PeerView> Peers::peers() const { return impl_->peers(); }

std::vector<BanView> Peers::bans() const { return impl_->bans(); }

std::size_t Peers::known_count() const { return impl_->known_count(); }

bool Peers::book_dropped() const { return impl_->book_dropped(); }

Bytes Peers::save() const { return impl_->save(); }

}  // namespace polis::p2p
