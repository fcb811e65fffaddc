#include <consensus/sync/block_sync.hpp>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include <consensus/sync/time.hpp>
#include <core/check.hpp>
#include <core/integer.hpp>

namespace polis::sync {

namespace {

constexpr std::uint64_t kBrokenClaimsMax = 3;
/// Ids begin with the time of the first input, so that an answer to a process that was killed is
/// not taken for one to its successor.
constexpr std::uint64_t kIdsPerMs = 65'536;
constexpr std::size_t kLateRequestsMax = 64;

Height above(Height height, std::uint64_t count) {
    return checked_add(height, Height{count})
        .value_or(Height{std::numeric_limits<std::uint64_t>::max()});
}

std::size_t bytes_of(const SyncedBlock& block) {
    return sizeof(SyncedBlock) + block.block.size() + block.certificate.signers.size() +
           block.certificate.signatures.size() * Signature::kSize;
}

/// What is wrong with an answer, as far as its outside shows.
std::optional<Fault> fault_of(
    Height from, std::uint64_t count, const std::vector<SyncedBlock>& blocks) {
    if (blocks.size() > count) {
        return Fault::kWrongRange;
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        const pbft::Statement& statement = blocks[i].certificate.statement;
        if (statement.height != above(from, i) || statement.phase != pbft::Phase::kCommit) {
            return Fault::kWrongCertificate;
        }
        if (blocks[i].block.empty() || blocks[i].block.size() > kSyncBlockBytesMax) {
            return Fault::kInvalidBlock;
        }
    }
    return std::nullopt;
}

}  // namespace

BlockSync::BlockSync(Height head, const Options& options) : options_(options), head_(head) {
    POLIS_ASSERT_OP(options.requests_max, >=, 1U);
    POLIS_ASSERT_OP(options.peer_requests_max, >=, 1U);
    POLIS_ASSERT_OP(options.window_blocks, >=, 1U);
}

// ---- inputs -------------------------------------------------------------------------------------

BlockSyncEffects BlockSync::peer_joined(PeerId peer, TimeMs now) {
    BlockSyncEffects out = peer_left(peer, now);
    Peer fresh;
    fresh.claim = {.base = Height{1}, .head = Height{0}};
    peers_.emplace(peer, fresh);
    return out;
}

BlockSyncEffects BlockSync::peer_left(PeerId peer, TimeMs now) {
    for (auto it = requests_.begin(); it != requests_.end();) {
        const auto entry = it++;
        if (entry->second.peer == peer) {
            end_request(entry);
        }
    }
    for (auto& [height, entry] : buffer_) {
        if (entry.peer == peer) {
            entry.peer.reset();
        }
    }
    if (delivered_from_ == peer) {
        delivered_from_.reset();
    }
    peers_.erase(peer);
    return proceed(now, {});
}

BlockSyncEffects BlockSync::claimed(PeerId peer, const HeadClaim& claim, TimeMs now) {
    const auto found = peers_.find(peer);
    if (found != peers_.end()) {
        found->second.claim = claim;
    }
    return proceed(now, {});
}

BlockSyncEffects BlockSync::answered(PeerId peer, BlockResponse response, TimeMs now) {
    BlockSyncEffects out;
    const auto found = requests_.find(response.id);
    // Not asked, or forgotten: an answer may outlive its request by a restart or a reconnection.
    if (found == requests_.end() || found->second.peer != peer) {
        return proceed(now, std::move(out));
    }
    const Request request = found->second;
    end_request(found);
    Peer& from = peers_.at(peer);
    const auto fault = response.from == request.from
                           ? fault_of(request.from, request.count, response.blocks)
                           : Fault::kWrongRange;
    if (fault) {
        blame(peer, *fault, out);
    } else if (response.blocks.empty()) {
        from.claim.head = std::min(from.claim.head, Height{request.from.value - 1});
        fail(from, now);
        if (++from.broken_claims == kBrokenClaimsMax) {
            blame(peer, Fault::kBrokenClaims, out);
        }
    } else {
        from.block_cost =
            smoothed_cost(from.block_cost, ms_between(request.sent, now), response.blocks.size());
        from.requests_max = std::min(from.requests_max + 1, options_.peer_requests_max);
        from.retry_ms = 0;
        from.broken_claims = 0;
        for (std::size_t i = 0; i < response.blocks.size(); ++i) {
            keep(above(request.from, i), std::move(response.blocks[i]), peer);
        }
    }
    return proceed(now, std::move(out));
}

BlockSyncEffects BlockSync::busy(PeerId peer, const BlockBusy& message, TimeMs now) {
    const auto found = requests_.find(message.id);
    if (found != requests_.end() && found->second.peer == peer) {
        end_request(found);
        fail(peers_.at(peer), now);
    }
    return proceed(now, {});
}

BlockSyncEffects BlockSync::tick(TimeMs now) { return proceed(now, {}); }

BlockSyncEffects BlockSync::accepted(Height height, TimeMs now) {
    if (height > head_) {
        head_ = height;
        head_since_ = now;
        delivered_ = false;
        delivered_from_.reset();
        while (!buffer_.empty() && buffer_.begin()->first <= head_) {
            drop_block(buffer_.begin());
        }
    }
    return proceed(now, {});
}

BlockSyncEffects BlockSync::rejected(Height height, TimeMs now) {
    BlockSyncEffects out;
    if (delivered_ && height == above(head_, 1)) {
        delivered_ = false;
        const auto liar = std::exchange(delivered_from_, std::nullopt);
        if (liar) {
            blame(*liar, Fault::kInvalidBlock, out);
        } else {
            drop_blocks_of(std::nullopt);
        }
    }
    return proceed(now, std::move(out));
}

BlockSyncEffects BlockSync::behind(Height height, TimeMs now) {
    if (height.value > 0) {
        hurry_ = std::max(hurry_, Height{height.value - 1});
    }
    return proceed(now, {});
}

// ---- queries ------------------------------------------------------------------------------------

bool BlockSync::active() const { return delivered_ || !buffer_.empty() || active_requests_ != 0; }

std::optional<TimeMs> BlockSync::next_timer() const {
    NextTime next(now_);
    const Height missing = next_missing();
    for (const auto& [id, request] : requests_) {
        if (!request.late) {
            next.add(later(request.sent, options_.request_timeout_ms));
            if (request.covers(missing)) {
                next.add(later(request.sent, options_.hedge_ms));
            }
        }
    }
    if (target() > head_) {
        next.add(later(head_since_, options_.patience_ms));
        for (const auto& [id, peer] : peers_) {
            if (!peer.blamed) {
                next.add(peer.free_at);
            }
        }
    }
    return next.earliest();
}

// ---- what follows from every input --------------------------------------------------------------

BlockSyncEffects BlockSync::proceed(TimeMs now, BlockSyncEffects out) {
    now_ = now;
    if (next_id_ == 0) {
        next_id_ = now.value * kIdsPerMs + 1;
    }
    expire(now);
    deliver_next(out);
    if (!patient(now)) {
        ask_missing(now, out);
        hedge(now, out);
    }
    return out;
}

/// A request without an answer no longer keeps others from being asked.
void BlockSync::expire(TimeMs now) {
    for (auto& [id, request] : requests_) {
        if (!request.late && ms_between(request.sent, now) >= options_.request_timeout_ms) {
            release(request);
            request.late = true;
            Peer& peer = peers_.at(request.peer);
            peer.block_cost = smoothed_cost(peer.block_cost, options_.request_timeout_ms, 1);
            fail(peer, now);
        }
    }
    std::size_t late = requests_.size() - active_requests_;
    for (auto it = requests_.begin(); late > kLateRequestsMax;) {
        const auto entry = it++;
        if (entry->second.late) {
            end_request(entry);
            --late;
        }
    }
}

void BlockSync::deliver_next(BlockSyncEffects& out) {
    const auto next = buffer_.find(above(head_, 1));
    if (delivered_ || next == buffer_.end()) {
        return;
    }
    delivered_ = true;
    delivered_from_ = next->second.peer;
    SyncedBlock block = std::move(next->second.block);
    const Height height = next->first;
    drop_block(next);
    out.emplace_back(Deliver{.height = height, .block = std::move(block), .peer = delivered_from_});
}

/// Asks for what is neither here nor on its way, from the head up.
void BlockSync::ask_missing(TimeMs now, BlockSyncEffects& out) {
    const Height last = std::min(target(), above(head_, options_.window_blocks));
    const auto is_asked = [this](Height height) {
        return buffer_.contains(height) || std::ranges::any_of(requests_, [&](const auto& entry) {
                   return !entry.second.late && entry.second.covers(height);
               });
    };
    const Height urgent = above(head_, delivered_ ? 2 : 1);
    bool somebody_free = has_free_peer(now);
    for (Height from = next_missing();
         from <= last && somebody_free && active_requests_ < options_.requests_max;) {
        const std::size_t room = buffered_bytes_ + (active_requests_ + 1) * kAnswerBytes;
        if (from != urgent && room > options_.buffer_bytes_max) {
            return;  // an answer could not be kept
        }
        std::uint64_t count = 0;
        if (const auto peer = is_asked(from) ? std::nullopt : best_peer(from, {}, now)) {
            const Height claimed = std::min(last, peers_.at(*peer).claim.head);
            do {
                ++count;
            } while (count < kAnswerBlocksMax && above(from, count) <= claimed &&
                     !is_asked(above(from, count)));
            ask(*peer, from, count, now, out);
            somebody_free = has_free_peer(now);
        }
        const Height next = above(from, std::max<std::uint64_t>(count, 1));
        if (next == from) {
            return;  // the end of all heights
        }
        from = next;
    }
}

/// One slow peer must not hold up the chain: whoever is asked for the next block gets company.
void BlockSync::hedge(TimeMs now, BlockSyncEffects& out) {
    const Height next = next_missing();
    std::set<PeerId> asked;
    TimeMs youngest;
    std::uint64_t count = kAnswerBlocksMax;
    for (const auto& [id, request] : requests_) {
        if (!request.late && request.covers(next)) {
            asked.insert(request.peer);
            youngest = std::max(youngest, request.sent);
            count = std::min(count, request.count - (next.value - request.from.value));
        }
    }
    const bool due = !asked.empty() && ms_between(youngest, now) >= options_.hedge_ms;
    if (!due || active_requests_ >= 2 * options_.requests_max) {
        return;
    }
    if (const auto peer = best_peer(next, asked, now)) {
        const std::uint64_t has = peers_.at(*peer).claim.head.value - next.value + 1;
        ask(*peer, next, std::min(count, has), now, out);
    }
}

// ---- parts --------------------------------------------------------------------------------------

void BlockSync::ask(
    PeerId id, Height from, std::uint64_t count, TimeMs now, BlockSyncEffects& out) {
    ++peers_.at(id).requests;
    ++active_requests_;
    requests_.emplace(
        next_id_, Request{.peer = id, .from = from, .count = count, .sent = now, .late = false});
    const BlockRequest request{
        .id = next_id_, .from = from, .count = static_cast<std::uint32_t>(count)};
    out.emplace_back(AskBlocks{.peer = id, .request = request});
    ++next_id_;
}

void BlockSync::blame(PeerId id, Fault fault, BlockSyncEffects& out) {
    for (auto it = requests_.begin(); it != requests_.end();) {
        const auto entry = it++;
        if (entry->second.peer == id) {
            end_request(entry);
        }
    }
    drop_blocks_of(id);
    peers_.at(id).blamed = true;
    out.emplace_back(Blame{.peer = id, .fault = fault});
}

void BlockSync::drop_blocks_of(std::optional<PeerId> peer) {
    for (auto it = buffer_.begin(); it != buffer_.end();) {
        const auto entry = it++;
        if (entry->second.peer == peer) {
            drop_block(entry);
        }
    }
}

void BlockSync::drop_block(Buffer::iterator entry) {
    buffered_bytes_ -= entry->second.bytes;
    buffer_.erase(entry);
}

/// Keeps a block if there is room, which the highest blocks give up first: the lowest are needed
/// first.
void BlockSync::keep(Height height, SyncedBlock block, PeerId peer) {
    const bool useless = height < next_missing() || buffer_.contains(height) ||
                         height > above(head_, options_.window_blocks);
    if (useless) {
        return;
    }
    const std::size_t bytes = bytes_of(block);
    while (buffered_bytes_ + bytes > options_.buffer_bytes_max && !buffer_.empty() &&
           buffer_.rbegin()->first > height) {
        drop_block(std::prev(buffer_.end()));
    }
    if (buffered_bytes_ + bytes > options_.buffer_bytes_max && !buffer_.empty()) {
        return;
    }
    buffer_.emplace(height, Buffered{.block = std::move(block), .bytes = bytes, .peer = peer});
    buffered_bytes_ += bytes;
}

void BlockSync::fail(Peer& peer, TimeMs now) const {
    peer.requests_max = 1;
    peer.retry_ms = next_pause(peer.retry_ms, options_.retry_ms, options_.retry_ms_max);
    peer.free_at = later(now, peer.retry_ms);
}

void BlockSync::end_request(Requests::iterator request) {
    if (!request->second.late) {
        release(request->second);
    }
    requests_.erase(request);
}

void BlockSync::release(Request& request) {
    --peers_.at(request.peer).requests;
    --active_requests_;
}

bool BlockSync::is_free(const Peer& peer, TimeMs now) {
    return !peer.blamed && peer.requests < peer.requests_max && peer.free_at <= now;
}

bool BlockSync::has_free_peer(TimeMs now) const {
    return std::ranges::any_of(
        peers_, [now](const auto& entry) { return is_free(entry.second, now); });
}

bool BlockSync::may_ask(const Peer& peer, Height height, TimeMs now) {
    return is_free(peer, now) && peer.claim.base <= height && height <= peer.claim.head;
}

/// Whoever has not failed lately, then whoever is fastest under the load it has.
std::optional<PeerId> BlockSync::best_peer(
    Height height, const std::set<PeerId>& except, TimeMs now) const {
    using Rank = std::tuple<std::uint64_t, std::uint64_t, std::size_t, PeerId>;
    std::optional<Rank> best;
    for (const auto& [id, peer] : peers_) {
        if (may_ask(peer, height, now) && !except.contains(id)) {
            const Rank rank{
                peer.retry_ms,
                saturating_mul(peer.block_cost, std::uint64_t{peer.requests + 1}),
                peer.requests,
                id};
            best = best ? std::min(*best, rank) : rank;
        }
    }
    return best ? std::optional{std::get<PeerId>(*best)} : std::nullopt;
}

/// The highest block that anybody claims; huge claims do no harm, as only what is near the head is
/// asked for, from the lowest height up.
Height BlockSync::target() const {
    Height out;
    for (const auto& [id, peer] : peers_) {
        if (!peer.blamed && peer.claim.base <= peer.claim.head) {
            out = std::max(out, peer.claim.head);
        }
    }
    return out;
}

/// The lowest height whose block is neither in the chain, nor with the driver, nor kept here.
Height BlockSync::next_missing() const {
    Height height = above(head_, delivered_ ? 2 : 1);
    for (auto it = buffer_.find(height); it != buffer_.end() && it->first == height; ++it) {
        height = above(height, 1);
    }
    return height;
}

bool BlockSync::patient(TimeMs now) const {
    const Height to = target();
    return to == above(head_, 1) && to > hurry_ &&
           ms_between(head_since_, now) < options_.patience_ms;
}

}  // namespace polis::sync
