#include <node/validator/gossip.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include <core/integer.hpp>

namespace polis::node {

namespace {

bool contains(const std::vector<PeerId>& peers, PeerId peer) {
    return std::ranges::find(peers, peer) != peers.end();
}

TimeMs after(TimeMs time, std::uint64_t ms) { return TimeMs{saturating_add(time.value, ms)}; }

/// The least number whose square is at least `n`.
std::size_t root_of(std::size_t n) {
    std::size_t root = 0;
    while (root * root < n) {
        ++root;
    }
    return root;
}

}  // namespace

// ---- inputs -------------------------------------------------------------------------------------

void Gossip::peer_joined(PeerId peer, TimeMs now) {
    peer_left(peer, now);
    peers_[peer].forgiven_at = now;
}

void Gossip::peer_left(PeerId peer, TimeMs now) {
    if (peers_.erase(peer) == 0) {
        return;
    }
    for (auto it = wanted_.begin(); it != wanted_.end();) {
        const auto entry = it++;
        Wanted& wanted = entry->second;
        const auto place = std::ranges::find(wanted.announcers, peer);
        if (place == wanted.announcers.end()) {
            continue;
        }
        const auto index = static_cast<std::size_t>(place - wanted.announcers.begin());
        wanted.announcers.erase(place);
        if (index < wanted.asked) {
            --wanted.asked;
            if (index == wanted.asked) {
                set_due(entry, now);  // it will not answer
            }
        }
        if (wanted.announcers.empty()) {
            drop(entry);
        }
    }
    for (Fresh& fresh : fresh_) {
        std::erase(fresh.known_by, peer);
    }
}

void Gossip::accepted(const Hash& txn, std::optional<PeerId> from, TimeMs now) {
    Fresh fresh{.txn = txn, .local = !from, .known_by = {}};
    if (const auto wanted = wanted_.find(txn); wanted != wanted_.end()) {
        fresh.known_by = wanted->second.announcers;
    }
    if (from) {
        settle(txn, *from);
        if (!contains(fresh.known_by, *from)) {
            fresh.known_by.push_back(*from);
        }
    } else if (const auto wanted = wanted_.find(txn); wanted != wanted_.end()) {
        drop(wanted);
    }
    std::ranges::sort(fresh.known_by);
    remember(txn);
    fresh_places_.insert(txn, fresh_.size());
    fresh_.push_back(std::move(fresh));
    if (!tell_at_) {
        tell_at_ = std::max(now, after(told_at_, pause_ms()));
    }
    if (fresh_.size() >= options_.batch_count_max) {
        tell_at_ = now;
    }
}

void Gossip::refused(const Hash& txn, PeerId from, TimeMs now) {
    settle(txn, from);
    remember(txn);
    const auto peer = peers_.find(from);
    if (peer != peers_.end() && listens_to(from, now)) {
        ++peer->second.useless;
    }
}

void Gossip::announced(PeerId id, const std::vector<Hash>& txns, TimeMs now) {
    const auto peer = peers_.find(id);
    if (peer == peers_.end()) {
        return;
    }
    for (const Hash& txn : txns) {
        if (is_recent(txn)) {
            continue;
        }
        const auto [entry, is_new] = wanted_.try_emplace(txn);
        Wanted& wanted = entry->second;
        const bool full = peer->second.wanted >= options_.wanted_max ||
                          wanted.announcers.size() >= options_.announcers_max;
        if (!full && !contains(wanted.announcers, id)) {
            wanted.announcers.push_back(id);
            ++peer->second.wanted;
        }
        if (is_new && wanted.announcers.empty()) {
            wanted_.erase(entry);
        } else if (is_new) {
            wanted.order = next_order_++;
            set_due(entry, after(now, patience_ms_));
        }
    }
}

void Gossip::known_by(PeerId peer, const Hash& txn) {
    const std::size_t* const place = fresh_places_.find(txn);
    if (place == nullptr) {
        return;
    }
    std::vector<PeerId>& known = fresh_[*place].known_by;
    if (!contains(known, peer)) {
        known.insert(std::ranges::upper_bound(known, peer), peer);
    }
}

GossipEffects Gossip::take_due(TimeMs now) {
    GossipEffects out;
    if (tell_at_ && *tell_at_ <= now) {
        told_at_ = now;
        tell_at_.reset();
        tell(out);
        fresh_.clear();
        fresh_places_.clear();
    }
    if (!due_.empty() && std::get<TimeMs>(*due_.begin()) <= now) {
        adapt();
        ask(now, out);
    }
    return out;
}

/// Until the next batch: what a node says in a second does not grow with its peers.
std::uint64_t Gossip::pause_ms() const {
    return options_.batch_ms * std::max<std::size_t>(1, peers_.size() / options_.push_all_max);
}

// ---- telling ------------------------------------------------------------------------------------

void Gossip::tell(GossipEffects& out) {
    std::map<PeerId, std::vector<Hash>> names;
    std::map<std::vector<PeerId>, std::vector<Hash>> local;  // by who knows them
    for (const Fresh& fresh : fresh_) {
        if (fresh.local) {
            local[fresh.known_by].push_back(fresh.txn);
            continue;
        }
        for (const auto& [id, peer] : peers_) {
            if (!std::ranges::binary_search(fresh.known_by, id)) {
                names[id].push_back(fresh.txn);
            }
        }
    }
    for (auto& [known_by, txns] : local) {
        const std::vector<PeerId> targets = push_targets(known_by);
        for (const auto& [id, peer] : peers_) {
            if (!contains(targets, id) && !contains(known_by, id)) {
                names[id].insert(names[id].end(), txns.begin(), txns.end());
            }
        }
        if (!targets.empty()) {
            out.emplace_back(PushTxns{targets, std::move(txns)});
        }
    }
    for (auto& [id, txns] : names) {
        out.emplace_back(AnnounceTxns{id, std::move(txns)});
    }
}

/// All who lack them, or some, each time the next ones.
std::vector<PeerId> Gossip::push_targets(const std::vector<PeerId>& known_by) {
    std::vector<PeerId> targets;
    for (const auto& [id, peer] : peers_) {
        if (!contains(known_by, id)) {
            targets.push_back(id);
        }
    }
    if (targets.size() <= options_.push_all_max) {
        return targets;
    }
    const std::size_t count = root_of(targets.size());
    std::ranges::rotate(
        targets, targets.begin() + static_cast<std::ptrdiff_t>(push_from_ % targets.size()));
    push_from_ += count;
    targets.resize(count);
    std::ranges::sort(targets);
    return targets;
}

// ---- asking -------------------------------------------------------------------------------------

/// Each announcer is asked once, the next one when the one before is silent for too long.
void Gossip::ask(TimeMs now, GossipEffects& out) {
    std::map<PeerId, std::vector<Hash>> questions;
    while (!due_.empty() && std::get<TimeMs>(*due_.begin()) <= now) {
        const auto entry = wanted_.find(std::get<Hash>(*due_.begin()));
        Wanted& wanted = entry->second;
        if (wanted.asked == wanted.announcers.size()) {
            drop(entry);
            continue;
        }
        questions[wanted.announcers[wanted.asked]].push_back(entry->first);
        ++wanted.asked;
        set_due(entry, after(now, options_.request_timeout_ms));
    }
    for (auto& [peer, txns] : questions) {
        out.emplace_back(AskTxns{peer, std::move(txns)});
    }
}

/// One step at most for all that happened since the last questions.
void Gossip::adapt() {
    if (std::exchange(asked_in_vain_, false)) {
        patience_ms_ = std::min(patience_ms_ * 2, options_.patience_ms_max);
    } else if (std::exchange(asked_well_, false)) {
        patience_ms_ = std::max(patience_ms_ - patience_ms_ / 4, options_.patience_ms_min);
    }
    asked_well_ = false;
}

/// It has come: nobody is asked for it any more.
void Gossip::settle(const Hash& txn, PeerId from) {
    const auto entry = wanted_.find(txn);
    if (entry == wanted_.end()) {
        return;
    }
    const Wanted& wanted = entry->second;
    if (wanted.asked > 0) {
        const auto asked_end =
            wanted.announcers.begin() + static_cast<std::ptrdiff_t>(wanted.asked);
        const bool answered = std::find(wanted.announcers.begin(), asked_end, from) != asked_end;
        (answered ? asked_well_ : asked_in_vain_) = true;
    }
    drop(entry);
}

void Gossip::drop(WantedMap::iterator entry) {
    const Wanted& wanted = entry->second;
    for (const PeerId id : wanted.announcers) {
        --peers_.at(id).wanted;
    }
    due_.erase(Due{wanted.due, wanted.order, entry->first});
    wanted_.erase(entry);
}

void Gossip::set_due(WantedMap::iterator entry, TimeMs due) {
    Wanted& wanted = entry->second;
    due_.erase(Due{wanted.due, wanted.order, entry->first});
    wanted.due = due;
    due_.emplace(due, wanted.order, entry->first);
}

// ---- what is remembered -------------------------------------------------------------------------

void Gossip::remember(const Hash& txn) {
    if (recent_.size() >= options_.recent_max) {
        recent_before_ = std::exchange(recent_, {});
    }
    recent_.insert(txn);
}

bool Gossip::is_recent(const Hash& txn) const {
    return recent_.contains(txn) || recent_before_.contains(txn);
}

bool Gossip::listens_to(PeerId id, TimeMs now) {
    const auto found = peers_.find(id);
    if (found == peers_.end()) {
        return false;
    }
    Peer& peer = found->second;
    if (now > peer.forgiven_at) {
        const std::uint64_t forgiven =
            saturating_mul(now.value - peer.forgiven_at.value, options_.useless_per_ms);
        peer.useless -= std::min(peer.useless, forgiven);
        peer.forgiven_at = now;
    }
    return peer.useless < options_.useless_max;
}

std::optional<TimeMs> Gossip::next_timer() const {
    std::optional<TimeMs> next = tell_at_;
    if (!due_.empty()) {
        const TimeMs due = std::get<TimeMs>(*due_.begin());
        next = next ? std::min(*next, due) : due;
    }
    return next;
}

std::size_t Gossip::memory_bytes() const {
    constexpr std::size_t kNode = 4 * sizeof(void*);  // of a tree
    return recent_.memory_bytes() + recent_before_.memory_bytes() + fresh_places_.memory_bytes() +
           fresh_.size() * sizeof(Fresh) +
           wanted_.size() * (2 * kNode + sizeof(Due) + sizeof(Hash) + sizeof(Wanted) +
                             options_.announcers_max * sizeof(PeerId)) +
           peers_.size() * (kNode + sizeof(Peer));
}

}  // namespace polis::node
