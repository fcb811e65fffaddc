#include <algorithm>
#include <utility>

#include <core/check.hpp>
#include <core/integer.hpp>
#include <p2p/blobs.hpp>
#include <p2p/peers/time.hpp>

namespace polis::p2p {

namespace {

/// Requests without an answer that are remembered, so that a late answer is not taken for an
/// unasked one.
constexpr std::size_t kExpiredMax = 64;

/// Peers that are asked for one chunk at the same time.
constexpr std::size_t kAskersMax = 2;

SendBlob message_to(ConnectionId peer, const BlobMessage& message) {
    return {.connection = peer, .bytes = codec::encode(message)};
}

std::uint64_t doubled(std::uint64_t last, std::uint64_t first, std::uint64_t max) {
    return last == 0 ? std::min(first, max) : std::min(saturating_mul(last, std::uint64_t{2}), max);
}

}  // namespace

BlobEffects BlobFetch::take() { return std::exchange(effects_, {}); }

bool BlobFetch::want(const Hash& root, TimeMs now) {
    if (blobs_.contains(root)) {
        return true;
    }
    if (blobs_.size() >= limits_.wanted_max) {
        return false;
    }
    now_ = std::max(now_, now);
    Blob blob;
    blob.order = next_order_++;
    blob.query_at = now;
    queue_.emplace(blob.order, root);
    blobs_.emplace(root, std::move(blob));
    return true;
}

void BlobFetch::forget(const Hash& root) {
    const auto blob = blobs_.find(root);
    if (blob == blobs_.end()) {
        return;
    }
    queue_.erase(blob->second.order);
    blobs_.erase(blob);
    for (auto& [id, peer] : peers_) {
        peer.blobs.erase(root);
        for (auto& [name, ask] : peer.asks) {
            ask.expired = ask.expired || name.first == root;
        }
    }
}

std::vector<Hash> BlobFetch::open() const {
    std::vector<Hash> out;
    for (const auto& [order, root] : queue_) {
        if (out.size() == limits_.blobs_max) {
            break;
        }
        out.push_back(root);
    }
    return out;
}

// ---- who has it ---------------------------------------------------------------------------------

void BlobFetch::query(const Hash& root, ConnectionId id, Peer& peer) {
    const auto known = peer.blobs.find(root);
    if (peer.blamed || (known != peer.blobs.end() && known->second == Known::kHas)) {
        return;
    }
    peer.blobs[root] = Known::kAsked;
    effects_.emplace_back(message_to(id, BlobQuery{root}));
}

BlobEffects BlobFetch::peer_up(ConnectionId id, TimeMs now) {
    now_ = std::max(now_, now);
    Peer& peer = peers_[id];
    for (const Hash& root : open()) {
        query(root, id, peer);
    }
    return take();
}

BlobEffects BlobFetch::peer_down(ConnectionId id, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = peers_.find(id);
    if (found == peers_.end()) {
        return {};
    }
    const auto asks = std::move(found->second.asks);
    peers_.erase(found);
    for (const auto& [name, ask] : asks) {
        release(name);
    }
    ask_all(now);
    return take();
}

BlobEffects BlobFetch::on_have(ConnectionId id, const BlobHave& answer, TimeMs now) {
    now_ = std::max(now_, now);
    const auto peer = peers_.find(id);
    const auto blob = blobs_.find(answer.root);
    if (peer == peers_.end() || peer->second.blamed || blob == blobs_.end()) {
        return {};
    }
    const auto known = peer->second.blobs.find(answer.root);
    if (known == peer->second.blobs.end()) {
        return {};  // an answer to a question before the blob was forgotten and wanted again
    }
    if (!answer.shape) {
        known->second = Known::kHasNot;
        return {};
    }
    if (!is_shape_of(*answer.shape, answer.root)) {
        blame(id, BlobFault::kBadShape);
        ask_all(now);
        return take();
    }
    known->second = Known::kHas;
    if (!blob->second.shape) {
        blob->second.shape = answer.shape;
        effects_.emplace_back(BlobFound{.root = answer.root, .shape = *answer.shape});
    }
    ask_all(now);
    return take();
}

BlobEffects BlobFetch::have(const Hash& root, const std::vector<bool>& here, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = blobs_.find(root);
    if (found == blobs_.end() || !found->second.shape || found->second.ready) {
        return {};
    }
    Blob& blob = found->second;
    POLIS_ASSERT_OP(here.size(), ==, blob.shape->chunk_count());
    blob.ready = true;
    for (const bool is_here : here) {
        blob.chunks.push_back(is_here ? ChunkState::kDone : ChunkState::kMissing);
        blob.done += is_here ? 1U : 0U;
    }
    finish_if_done(root, blob);
    ask_all(now);
    return take();
}

// ---- asking -------------------------------------------------------------------------------------

std::size_t BlobFetch::waiting(const Peer& peer) {
    return static_cast<std::size_t>(
        std::ranges::count_if(peer.asks, [](const auto& entry) { return !entry.second.expired; }));
}

std::size_t BlobFetch::in_flight() const {
    std::size_t out = 0;
    for (const auto& [id, peer] : peers_) {
        out += waiting(peer);
    }
    return out;
}

/// Makes a chunk missing again unless somebody else is asked for it.
void BlobFetch::release(const ChunkName& name) {
    const auto blob = blobs_.find(name.first);
    if (blob == blobs_.end() || !blob->second.ready ||
        blob->second.chunks[name.second] != ChunkState::kAsked) {
        return;
    }
    const bool asked_elsewhere = std::ranges::any_of(peers_, [&](const auto& entry) {
        const auto ask = entry.second.asks.find(name);
        return ask != entry.second.asks.end() && !ask->second.expired;
    });
    if (!asked_elsewhere) {
        blob->second.chunks[name.second] = ChunkState::kMissing;
        blob->second.first_missing = std::min(blob->second.first_missing, name.second);
    }
}

void BlobFetch::rest(Peer& peer, TimeMs now) {
    peer.window = 1;
    peer.rest_pause_ms = doubled(peer.rest_pause_ms, limits_.rest_ms, limits_.rest_ms_max);
    peer.rests_until = later(now, peer.rest_pause_ms);
}

void BlobFetch::expire(TimeMs now) {
    for (auto& [id, peer] : peers_) {
        std::vector<ChunkName> late;
        for (auto& [name, ask] : peer.asks) {
            if (!ask.expired && later(ask.at, limits_.chunk_ms) <= now) {
                ask.expired = true;
                late.push_back(name);
            }
        }
        for (const ChunkName& name : late) {
            release(name);
        }
        if (!late.empty()) {
            rest(peer, now);
        }
        while (peer.asks.size() > kExpiredMax + limits_.in_flight_peer_max) {
            peer.asks.erase(std::ranges::find_if(
                peer.asks, [](const auto& entry) { return entry.second.expired; }));
        }
    }
}

/// Missing chunks in order; when none is left, those that somebody else has been slow with.
std::vector<std::uint32_t> BlobFetch::choose(
    const Hash& root, Blob& blob, const Peer& peer, std::size_t count) {
    std::vector<std::uint32_t> out;
    const auto total = static_cast<std::uint32_t>(blob.chunks.size());
    while (blob.first_missing < total && blob.chunks[blob.first_missing] != ChunkState::kMissing) {
        ++blob.first_missing;
    }
    for (std::uint32_t i = blob.first_missing; i < total && out.size() < count; ++i) {
        if (blob.chunks[i] == ChunkState::kMissing) {
            out.push_back(i);
        }
    }
    if (!out.empty()) {
        return out;
    }
    std::map<std::uint32_t, std::size_t> askers;
    std::map<std::uint32_t, TimeMs> since;
    for (const auto& [id, other] : peers_) {
        for (const auto& [name, ask] : other.asks) {
            if (name.first == root && !ask.expired) {
                ++askers[name.second];
                since[name.second] = std::max(since[name.second], ask.at);
            }
        }
    }
    for (const auto& [index, asked] : askers) {
        const bool slow = later(since[index], limits_.second_ms) <= now_;
        if (out.size() < count && slow && asked < kAskersMax &&
            blob.chunks[index] == ChunkState::kAsked && !peer.asks.contains({root, index})) {
            out.push_back(index);
        }
    }
    return out;
}

void BlobFetch::ask(ConnectionId id, Peer& peer, TimeMs now) {
    if (peer.blamed || peer.rests_until > now) {
        return;
    }
    for (const Hash& root : open()) {
        Blob& blob = blobs_.at(root);
        const auto known = peer.blobs.find(root);
        if (!blob.ready || known == peer.blobs.end() || known->second != Known::kHas) {
            continue;
        }
        while (true) {
            const std::size_t here = waiting(peer);
            const std::size_t all = in_flight();
            if (here >= peer.window || all >= limits_.in_flight_max) {
                return;
            }
            const std::size_t room =
                std::min({peer.window - here, limits_.in_flight_max - all, kBlobRequestChunksMax});
            std::vector<std::uint32_t> indexes = choose(root, blob, peer, room);
            if (indexes.empty()) {
                break;
            }
            for (const std::uint32_t index : indexes) {
                blob.chunks[index] = ChunkState::kAsked;
                const auto [ask, is_new] = peer.asks.try_emplace({root, index});
                ask->second.answers += is_new ? 0U : 1U;
                ask->second.at = now;
                ask->second.expired = false;
            }
            effects_.emplace_back(
                message_to(id, BlobChunkRequest{.root = root, .indexes = std::move(indexes)}));
        }
    }
}

void BlobFetch::ask_all(TimeMs now) {
    for (auto& [id, peer] : peers_) {
        ask(id, peer, now);
    }
}

// ---- answers ------------------------------------------------------------------------------------

BlobEffects BlobFetch::on_chunk(ConnectionId id, BlobChunk answer, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = peers_.find(id);
    if (found == peers_.end() || found->second.blamed) {
        return {};
    }
    Peer& peer = found->second;
    const ChunkName name{answer.root, answer.index};
    const auto ask = peer.asks.find(name);
    if (ask == peer.asks.end()) {
        blame(id, BlobFault::kUnasked);
        ask_all(now);
        return take();
    }
    const bool in_time = !ask->second.expired;
    ask->second.expired = true;
    if (--ask->second.answers == 0) {
        peer.asks.erase(ask);
    }
    const auto blob = blobs_.find(answer.root);
    if (blob == blobs_.end() || !blob->second.ready) {
        return {};
    }
    if (answer.bytes.empty()) {
        peer.blobs[answer.root] = Known::kHasNot;
        release(name);
    } else if (blob->second.chunks[answer.index] == ChunkState::kDone) {
        peer.window = std::min(peer.window + (in_time ? 1 : 0), limits_.in_flight_peer_max);
    } else if (!verify_chunk(*blob->second.shape, answer.index, answer.bytes, answer.siblings)) {
        blame(id, BlobFault::kBadChunk);
        release(name);
    } else {
        if (in_time) {
            peer.window = std::min(peer.window + 1, limits_.in_flight_peer_max);
            peer.rest_pause_ms = 0;
        }
        blob->second.chunks[answer.index] = ChunkState::kDone;
        ++blob->second.done;
        effects_.emplace_back(StoreBlobChunk{
            .root = answer.root, .index = answer.index, .bytes = std::move(answer.bytes)});
        finish_if_done(answer.root, blob->second);
    }
    ask_all(now);
    return take();
}

void BlobFetch::finish_if_done(const Hash& root, const Blob& blob) {
    if (blob.done == blob.chunks.size()) {
        effects_.emplace_back(BlobComplete{root});
        forget(Hash(root));
    }
}

/// The peer answers none of its open requests for the blob.
BlobEffects BlobFetch::on_busy(ConnectionId id, const BlobBusy& answer, TimeMs now) {
    now_ = std::max(now_, now);
    const auto found = peers_.find(id);
    if (found == peers_.end() || found->second.blamed) {
        return {};
    }
    Peer& peer = found->second;
    std::vector<ChunkName> given_up;
    for (auto& [name, ask] : peer.asks) {
        if (name.first == answer.root && !ask.expired) {
            ask.expired = true;
            given_up.push_back(name);
        }
    }
    rest(peer, now);
    for (const ChunkName& name : given_up) {
        release(name);
    }
    ask_all(now);
    return take();
}

void BlobFetch::blame(ConnectionId id, BlobFault fault) {
    Peer& peer = peers_.at(id);
    peer.blamed = true;
    peer.blobs.clear();
    const auto asks = std::exchange(peer.asks, {});
    for (const auto& [name, ask] : asks) {
        release(name);
    }
    effects_.emplace_back(BlobBlame{.connection = id, .fault = fault});
}

// ---- time ---------------------------------------------------------------------------------------

BlobEffects BlobFetch::tick(TimeMs now) {
    now_ = std::max(now_, now);
    expire(now);
    for (const Hash& root : open()) {
        Blob& blob = blobs_.at(root);
        if (blob.query_at > now) {
            continue;
        }
        blob.query_pause_ms = doubled(blob.query_pause_ms, limits_.query_ms, limits_.query_ms_max);
        blob.query_at = later(now, blob.query_pause_ms);
        for (auto& [id, peer] : peers_) {
            query(root, id, peer);
        }
    }
    ask_all(now);
    return take();
}

std::optional<TimeMs> BlobFetch::next_timer() const {
    std::optional<TimeMs> out;
    const auto add = [&](TimeMs time) {
        if (!out || time < *out) {
            out = time;
        }
    };
    for (const Hash& root : open()) {
        add(blobs_.at(root).query_at);
    }
    for (const auto& [id, peer] : peers_) {
        if (!blobs_.empty() && peer.rests_until > now_) {
            add(peer.rests_until);
        }
        for (const auto& [name, ask] : peer.asks) {
            if (!ask.expired) {
                add(later(ask.at, limits_.chunk_ms));
                const TimeMs second = later(ask.at, limits_.second_ms);
                add(second > now_ ? second : later(ask.at, limits_.chunk_ms));
            }
        }
    }
    return out;
}

std::optional<BlobFetch::Progress> BlobFetch::progress(const Hash& root) const {
    const auto blob = blobs_.find(root);
    if (blob == blobs_.end()) {
        return std::nullopt;
    }
    Progress out{.shape = blob->second.shape, .chunks_done = blob->second.done, .sources = 0};
    for (const auto& [id, peer] : peers_) {
        const auto known = peer.blobs.find(root);
        out.sources += known != peer.blobs.end() && known->second == Known::kHas ? 1U : 0U;
    }
    return out;
}

std::vector<Hash> BlobFetch::wanted() const {
    std::vector<Hash> out;
    for (const auto& [order, root] : queue_) {
        out.push_back(root);
    }
    return out;
}

}  // namespace polis::p2p
