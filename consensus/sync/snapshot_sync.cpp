#include <consensus/sync/snapshot_sync.hpp>

#include <algorithm>
#include <compare>
#include <iterator>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include <consensus/sync/committee_chain.hpp>
#include <consensus/sync/time.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/integer.hpp>

namespace polis::sync {

namespace {

constexpr std::size_t kFalseOffersMax = 1'024;
constexpr std::uint64_t kHeightMax = std::numeric_limits<std::uint64_t>::max() / 2;

/// Which answer belongs to which request: kind, and what the answer repeats.
struct Key {
    std::size_t kind = 0;
    Hash hash;
    std::uint64_t number = 0;

    auto operator<=>(const Key&) const = default;
};

Key key_of(const SnapshotRequest& request) {
    struct Visitor {
        Key operator()(const OffersRequest& /*request*/) const { return {0, {}, 0}; }

        Key operator()(const ManifestRequest& request) const { return {1, request.manifest, 0}; }

        Key operator()(const LinksRequest& request) const { return {2, {}, request.from.value}; }

        Key operator()(const AnchorRequest& request) const { return {3, {}, request.height.value}; }

        Key operator()(const ChunkRequest& request) const {
            return {4, request.manifest, request.index};
        }
    };

    return std::visit(Visitor{}, request);
}

Key key_of(const SnapshotResponse& response) {
    struct Visitor {
        Key operator()(const SnapshotOffers& /*response*/) const { return {0, {}, 0}; }

        Key operator()(const ManifestResponse& response) const { return {1, response.manifest, 0}; }

        Key operator()(const LinksResponse& response) const { return {2, {}, response.from.value}; }

        Key operator()(const AnchorResponse& response) const {
            return {3, {}, response.height.value};
        }

        Key operator()(const ChunkResponse& response) const {
            return {4, response.manifest, response.index};
        }
    };

    return std::visit(Visitor{}, response);
}

Height after(Height height) { return Height{height.value + 1}; }

}  // namespace

class SnapshotSync::Impl {
  public:
    Impl(
        Trust trust,
        consensus::CryptoChecker& checker,
        const LedgerReader& reader,
        std::optional<Hash> unfinished,
        const Options& options)
        : reader_(reader),
          options_(options),
          unfinished_(unfinished),
          committees_(
              {.chain = trust.chain,
               .term_blocks = trust.term_blocks,
               .genesis = std::move(trust.genesis)},
              checker,
              reader),
          finish_ms_(options.finish_ms) {}

    void peer_joined(PeerId peer, TimeMs now) {
        remove_peer(peer);
        peers_.emplace(peer, Peer{});
        if (!collect_until_) {
            collect_until_ = later(now, options_.collect_ms);
        }
        if (stage_ != Stage::kReady) {
            ask(peer, OffersRequest{}, now);
        }
    }

    void remove_peer(PeerId peer) {
        drop_requests_of(peer);
        peers_.erase(peer);
    }

    void answered(PeerId id, SnapshotResponse response, TimeMs now) {
        const auto peer = peers_.find(id);
        const auto request = requests_.find({id, key_of(response)});
        if (peer == peers_.end() || peer->second.blamed || request == requests_.end()) {
            return;  // not asked for, or too late
        }
        peer->second.answer_ms = ms_between(request->second, now);
        end_request(request);
        const Result<void, Fault> verdict = std::visit(
            [&](auto& answer) { return take(peer->second, std::move(answer), now); }, response);
        if (!verdict) {
            blame(id, verdict.error());
        }
    }

    void chunks_here(const Hash& manifest, const std::vector<std::uint32_t>& indexes) {
        if (stage_ != Stage::kResume || manifest != current_->manifest) {
            return;
        }
        stage_ = Stage::kChunks;
        for (const std::uint32_t index : indexes) {
            mark_chunk(index);
        }
    }

    void snapshot_false(const Hash& manifest) {
        if (stage_ == Stage::kReady && current_->manifest == manifest) {
            condemn_current();
        }
    }

    SnapshotEffects proceed(TimeMs now) {
        now_ = now;
        expire(now);
        while (step(now)) {
        }
        return std::exchange(out_, {});
    }

    [[nodiscard]] std::optional<TimeMs> next_timer() const {
        NextTime next(now_);
        if (stage_ == Stage::kReady) {
            return std::nullopt;
        }
        for (const auto& [key, sent] : requests_) {
            next.add(later(sent, options_.request_timeout_ms));
        }
        if (stage_ == Stage::kCollect) {
            if (collect_until_) {
                next.add(*collect_until_);
            }
            next.add(later(round_at_, options_.offers_again_ms));
        } else {
            for (const auto& [id, peer] : peers_) {
                if (!peer.blamed) {
                    next.add(peer.free_at);
                }
            }
        }
        if (stage_ == Stage::kChunks) {
            next.add(later(progress_since_, options_.progress_ms));
        }
        return next.earliest();
    }

    [[nodiscard]] bool ready() const { return stage_ == Stage::kReady; }

    [[nodiscard]] std::size_t chunks_missing() const {
        return stage_ == Stage::kChunks || stage_ == Stage::kResume ? missing_ : 0;
    }

    [[nodiscard]] std::size_t memory_bytes() const {
        std::size_t out = committees_.memory_bytes() + manifest_.size() +
                          facts_.chunks.size() * Hash::kSize + have_.size() / 8 +
                          false_offers_.size() * sizeof(SnapshotOffer) +
                          given_up_.size() * sizeof(SnapshotOffer) + requests_.size() * sizeof(Key);
        for (const auto& [id, peer] : peers_) {
            out += sizeof(Peer) + peer.offers.size() * sizeof(SnapshotOffer);
        }
        if (anchor_) {
            out += anchor_->block.block.size() + anchor_->next_header.size();
        }
        return out;
    }

  private:
    enum class Stage : std::uint8_t {
        kCollect,   ///< offers come in
        kLinks,     ///< committees, term by term
        kAnchor,    ///< the certified header after the snapshot
        kManifest,  ///< names of the chunks
        kResume,    ///< the driver looks what it has
        kChunks,
        kReady,
    };

    struct Peer {
        std::set<SnapshotOffer> offers;
        bool blamed = false;
        std::size_t requests = 0;
        std::uint64_t retry_ms = 0;   ///< the last pause; 0 after a success
        TimeMs free_at;               ///< asked nothing before
        std::uint64_t failures = 0;   ///< in a row, for the current offer
        std::uint64_t answer_ms = 0;  ///< that its latest answer took
        std::uint64_t item_cost = 0;  ///< smoothed time for a link or chunk, in 1/16 ms
    };

    using Peers = std::map<PeerId, Peer>;
    using Requests = std::map<std::pair<PeerId, Key>, TimeMs>;

    // ---- answers ----

    Result<void, Fault> take(Peer& peer, const SnapshotOffers& answer, TimeMs /*now*/) {
        peer.offers.clear();
        for (const SnapshotOffer& offer : answer.offers) {
            const bool sane = offer.height.value >= 1 && offer.height.value < kHeightMax;
            if (sane && peer.offers.size() < kOffersMax) {
                peer.offers.insert(offer);
            }
        }
        return {};
    }

    Result<void, Fault> take(Peer& peer, LinksResponse answer, TimeMs now) {
        const auto wanted = missing_link();
        if (stage_ != Stage::kLinks || wanted != answer.from) {
            return {};  // the offer changed meanwhile
        }
        if (answer.links.empty()) {
            fail(peer, now);
            return {};
        }
        Term term = answer.from;
        for (TermLink& link : answer.links) {
            if (!committees_.follow(link, term)) {
                return std::unexpected(Fault::kBadLink);
            }
            out_.emplace_back(KeepLink{.term = term, .link = std::move(link)});
            term = Term{term.value + 1};
            if (!missing_link()) {
                break;
            }
        }
        forget_committees();
        succeed(peer, answer.links.size());
        return {};
    }

    Result<void, Fault> take(Peer& peer, AnchorResponse answer, TimeMs now) {
        if (stage_ != Stage::kAnchor || answer.height != current_->height) {
            return {};
        }
        if (!answer.anchor) {
            fail(peer, now);
            return {};
        }
        const auto next = committees_.certified_header(
            answer.anchor->next_header, answer.anchor->next_certificate);
        if (!next || next->height != after(current_->height)) {
            return std::unexpected(Fault::kBadAnchor);
        }
        succeed(peer, 1);
        // The network agreed on `next`: whoever offers anything else is wrong, not who showed it.
        if (next->parent != current_->block || next->parent_state_root != current_->state_root) {
            condemn_current();
            return {};
        }
        const pbft::Certificate& certificate = answer.anchor->block.certificate;
        if (reader_.block_hash(answer.anchor->block.block) != current_->block ||
            !committees_.certifies(certificate, current_->height, current_->block)) {
            return std::unexpected(Fault::kBadAnchor);
        }
        anchor_ = *std::move(answer.anchor);
        anchored_ = *current_;
        stage_ = Stage::kManifest;
        return {};
    }

    Result<void, Fault> take(Peer& peer, ManifestResponse answer, TimeMs now) {
        if (stage_ != Stage::kManifest || answer.manifest != current_->manifest) {
            return {};
        }
        if (answer.bytes.empty()) {
            fail(peer, now);
            return {};
        }
        if (manifest_hash(answer.bytes) != answer.manifest) {
            return std::unexpected(Fault::kBadManifest);
        }
        succeed(peer, 1);
        auto facts = reader_.manifest_facts(answer.bytes);
        if (!facts || facts->height != current_->height || facts->block != current_->block ||
            facts->state_root != current_->state_root ||
            facts->chunks.size() > kManifestChunksMax) {
            condemn_current();  // these are the bytes that the offer names
            return {};
        }
        manifest_ = std::move(answer.bytes);
        facts_ = *std::move(facts);
        have_.assign(facts_.chunks.size(), false);
        missing_ = have_.size();
        scan_from_ = 0;
        progress_since_ = now;
        progress_ = 0;
        stage_ = Stage::kResume;
        out_.emplace_back(SnapshotChosen{.offer = *current_, .manifest = manifest_});
        return {};
    }

    Result<void, Fault> take(Peer& peer, ChunkResponse answer, TimeMs now) {
        if (stage_ != Stage::kChunks || answer.manifest != current_->manifest) {
            return {};
        }
        if (answer.bytes.empty()) {
            fail(peer, now);
            return {};
        }
        const Hash hash = crypto::blake2b_256(crypto::kDomainSnapshot, answer.bytes);
        if (hash != facts_.chunks.at(answer.index)) {
            return std::unexpected(Fault::kBadChunk);
        }
        succeed(peer, 1);
        if (!have_[answer.index]) {
            mark_chunk(answer.index);
            ++progress_;
            out_.emplace_back(KeepChunk{
                .manifest = answer.manifest,
                .index = answer.index,
                .bytes = std::move(answer.bytes)});
        }
        return {};
    }

    // ---- the way from genesis ----

    [[nodiscard]] Term term_of(Height height) const { return committees_.term_of(height); }

    /// The term whose link comes next on the way to the current offer; nothing: all are known.
    [[nodiscard]] std::optional<Term> missing_link() const {
        for (const Term term : {term_of(current_->height), term_of(after(current_->height))}) {
            if (const Term known = committees_.known_before(term); known != term) {
                return known;
            }
        }
        return std::nullopt;
    }

    /// Keeps what the offers at hand need.
    void forget_committees() {
        std::set<Term> keep;
        const auto keep_for = [&](const SnapshotOffer& offer) {
            keep.insert(term_of(offer.height));
            keep.insert(term_of(after(offer.height)));
        };
        keep_for(*current_);
        for (const auto& [id, peer] : peers_) {
            std::ranges::for_each(peer.offers, keep_for);
        }
        committees_.keep_only(std::move(keep));
    }

    // ---- progress ----

    /// One move of the current stage. @return true if the stage changed, so that more may follow
    bool step(TimeMs now) {
        if (stage_ == Stage::kReady || stage_ == Stage::kResume) {
            return false;
        }
        if (stage_ == Stage::kCollect) {
            return collect(now);
        }
        if (stage_ == Stage::kChunks && missing_ == 0) {
            finish();
            return false;
        }
        if (!is_served() || is_too_slow(now)) {
            give_up();
            return true;
        }
        switch (stage_) {
            case Stage::kLinks:
                return follow_links(now);
            case Stage::kAnchor:
                ask_one(AnchorRequest{.height = current_->height}, now);
                return false;
            case Stage::kManifest:
                ask_one(ManifestRequest{.manifest = current_->manifest}, now);
                return false;
            case Stage::kChunks:
                ask_chunks(now);
                return false;
            case Stage::kCollect:
            case Stage::kResume:
            case Stage::kReady:
                break;
        }
        return false;
    }

    bool collect(TimeMs now) {
        if (!collect_until_ || now < *collect_until_) {
            return false;
        }
        if (choose()) {
            return true;
        }
        if (ms_between(round_at_, now) >= options_.offers_again_ms) {
            round_at_ = now;
            given_up_.clear();
            for (auto& [id, peer] : peers_) {
                if (!peer.blamed && !requests_.contains({id, key_of(OffersRequest{})})) {
                    ask(id, OffersRequest{}, now);
                }
            }
            return choose();
        }
        return false;
    }

    /// The unfinished one, else the one with most servers, of these the highest.
    bool choose() {
        std::map<SnapshotOffer, std::size_t> servers;
        for (const auto& [id, peer] : peers_) {
            for (const SnapshotOffer& offer : peer.offers) {
                if (!peer.blamed && !given_up_.contains(offer) && !false_offers_.contains(offer)) {
                    ++servers[offer];
                }
            }
        }
        const auto best = std::ranges::max_element(servers, {}, [this](const auto& entry) {
            return std::tuple{
                entry.first.manifest == unfinished_, entry.second, entry.first.height};
        });
        if (best == servers.end()) {
            return false;
        }
        current_ = best->first;
        stage_ = Stage::kLinks;
        for (auto& [id, peer] : peers_) {
            peer.failures = 0;
        }
        return true;
    }

    bool follow_links(TimeMs now) {
        const auto from = missing_link();
        if (!from) {
            const bool anchored = anchored_ && anchored_->height == current_->height &&
                                  anchored_->block == current_->block &&
                                  anchored_->state_root == current_->state_root;
            stage_ = anchored ? Stage::kManifest : Stage::kAnchor;
            return true;
        }
        const std::uint64_t left = term_of(after(current_->height)).value - from->value;
        const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kLinksMax));
        ask_one(LinksRequest{.from = *from, .count = count}, now);
        return false;
    }

    void ask_chunks(TimeMs now) {
        std::set<std::uint64_t> asked;
        for (const auto& [key, sent] : requests_) {
            if (key.second.kind == key_of(ChunkRequest{}).kind &&
                key.second.hash == current_->manifest) {
                asked.insert(key.second.number);
            }
        }
        std::size_t scanned = 0;
        while (requests_.size() < options_.requests_max && asked.size() < missing_ &&
               scanned < have_.size()) {
            const auto index = static_cast<std::uint32_t>(scan_from_);
            if (!have_[index] && !asked.contains(index)) {
                const auto peer = best_server(now);
                if (!peer) {
                    return;
                }
                ask(*peer, ChunkRequest{.manifest = current_->manifest, .index = index}, now);
                asked.insert(index);
            }
            scan_from_ = (scan_from_ + 1) % have_.size();
            ++scanned;
        }
    }

    void mark_chunk(std::uint32_t index) {
        if (index < have_.size() && !have_[index]) {
            have_[index] = true;
            --missing_;
        }
    }

    void finish() {
        stage_ = Stage::kReady;
        while (!requests_.empty()) {
            end_request(requests_.begin());
        }
        out_.emplace_back(SnapshotReady{
            .offer = *current_,
            .manifest = manifest_,
            .anchor = *anchor_,
            .committee = committees_.members(term_of(current_->height)),
            .next_committee = committees_.members(term_of(after(current_->height)))});
    }

    [[nodiscard]] bool serves(const Peer& peer) const {
        return !peer.blamed && peer.offers.contains(*current_);
    }

    /// Somebody may still answer.
    [[nodiscard]] bool is_served() const {
        return std::ranges::any_of(peers_, [this](const auto& entry) {
            return serves(entry.second) && entry.second.failures < options_.failures_max;
        });
    }

    /// A trickle must not keep the node from a better source, if there is one.
    bool is_too_slow(TimeMs now) {
        const std::uint64_t spent = ms_between(progress_since_, now);
        if (stage_ != Stage::kChunks || spent < options_.progress_ms) {
            return false;
        }
        const bool slow =
            saturating_mul<std::uint64_t>(missing_, spent) / std::max<std::uint64_t>(progress_, 1) >
            finish_ms_;
        progress_since_ = now;
        progress_ = 0;
        const bool has_choice = std::ranges::any_of(peers_, [this](const auto& entry) {
            return !entry.second.blamed &&
                   std::ranges::any_of(entry.second.offers, [this](const SnapshotOffer& offer) {
                       return offer != *current_ && !given_up_.contains(offer) &&
                              !false_offers_.contains(offer);
                   });
        });
        if (slow && has_choice) {
            finish_ms_ = saturating_mul<std::uint64_t>(finish_ms_, 2);
        }
        return slow && has_choice;
    }

    /// Nobody serves the current offer: that is no lie, it may be tried again later.
    void give_up() {
        given_up_.insert(*current_);
        leave_current();
    }

    /// The current offer is false: whoever made it lied.
    void condemn_current() {
        const SnapshotOffer offer = *current_;
        if (false_offers_.size() == kFalseOffersMax) {
            false_offers_.erase(false_offers_.begin());
        }
        false_offers_.insert(offer);
        leave_current();
        for (const auto& [id, peer] : peers_) {
            if (!peer.blamed && peer.offers.contains(offer)) {
                blame(id, Fault::kFalseSnapshot);
            }
        }
    }

    void leave_current() {
        if (unfinished_ == current_->manifest) {
            unfinished_.reset();
        }
        current_.reset();
        stage_ = Stage::kCollect;
        manifest_ = {};
        facts_ = {};
        have_ = {};
        missing_ = 0;
    }

    // ---- peers and requests ----

    /// One request at a time, to the best server.
    void ask_one(SnapshotRequest request, TimeMs now) {
        const Key key = key_of(request);
        const bool waiting = std::ranges::any_of(
            requests_, [&](const auto& entry) { return entry.first.second == key; });
        if (waiting) {
            return;
        }
        if (const auto peer = best_server(now)) {
            ask(*peer, std::move(request), now);
        }
    }

    [[nodiscard]] std::optional<PeerId> best_server(TimeMs now) const {
        using Rank = std::tuple<std::uint64_t, std::uint64_t, std::size_t, PeerId>;
        std::optional<Rank> best;
        for (const auto& [id, peer] : peers_) {
            if (serves(peer) && peer.requests < options_.peer_requests_max && peer.free_at <= now &&
                peer.failures < options_.failures_max) {
                const Rank rank{
                    peer.retry_ms,
                    saturating_mul(peer.item_cost, std::uint64_t{peer.requests + 1}),
                    peer.requests,
                    id};
                best = best ? std::min(*best, rank) : rank;
            }
        }
        return best ? std::optional{std::get<PeerId>(*best)} : std::nullopt;
    }

    void ask(PeerId id, SnapshotRequest request, TimeMs now) {
        if (requests_.emplace(std::pair{id, key_of(request)}, now).second) {
            ++peers_.at(id).requests;
            out_.emplace_back(AskSnapshot{.peer = id, .request = std::move(request)});
        }
    }

    void expire(TimeMs now) {
        for (auto it = requests_.begin(); it != requests_.end();) {
            const auto entry = it++;
            if (ms_between(entry->second, now) >= options_.request_timeout_ms) {
                fail(peers_.at(entry->first.first), now);
                end_request(entry);
            }
        }
    }

    void end_request(Requests::iterator request) {
        --peers_.at(request->first.first).requests;
        requests_.erase(request);
    }

    void drop_requests_of(PeerId peer) {
        for (auto it = requests_.begin(); it != requests_.end();) {
            const auto entry = it++;
            if (entry->first.first == peer) {
                end_request(entry);
            }
        }
    }

    void fail(Peer& peer, TimeMs now) const {
        ++peer.failures;
        peer.retry_ms = next_pause(peer.retry_ms, options_.retry_ms, options_.retry_ms_max);
        peer.free_at = later(now, peer.retry_ms);
    }

    static void succeed(Peer& peer, std::size_t items) {
        peer.item_cost = smoothed_cost(peer.item_cost, peer.answer_ms, items);
        peer.failures = 0;
        peer.retry_ms = 0;
    }

    void blame(PeerId id, Fault fault) {
        drop_requests_of(id);
        Peer& peer = peers_.at(id);
        peer.blamed = true;
        peer.offers.clear();
        out_.emplace_back(Blame{.peer = id, .fault = fault});
    }

    // ---- constant after construction ----
    const LedgerReader& reader_;
    const Options options_;

    TimeMs now_;  ///< of the latest input
    Stage stage_ = Stage::kCollect;
    std::optional<TimeMs> collect_until_;  ///< nothing: no peer yet
    TimeMs round_at_;                      ///< when all were asked for offers
    Peers peers_;
    Requests requests_;

    std::optional<SnapshotOffer> current_;  ///< from kLinks on
    std::optional<Hash> unfinished_;
    std::set<SnapshotOffer> given_up_;  ///< of this round
    std::set<SnapshotOffer> false_offers_;
    CommitteeChain committees_;

    std::optional<Anchor> anchor_;
    std::optional<SnapshotOffer> anchored_;  ///< what anchor_ proves

    Bytes manifest_;
    ManifestFacts facts_;
    std::vector<bool> have_;
    std::size_t missing_ = 0;
    std::size_t scan_from_ = 0;
    TimeMs progress_since_;
    std::uint64_t progress_ = 0;  ///< chunks since then
    std::uint64_t finish_ms_;     ///< for the chunks of one offer
    SnapshotEffects out_;
};

SnapshotSync::SnapshotSync(
    Trust trust,
    consensus::CryptoChecker& checker,
    const LedgerReader& reader,
    std::optional<Hash> unfinished,
    const Options& options)
    : impl_(std::make_unique<Impl>(std::move(trust), checker, reader, unfinished, options)) {}

SnapshotSync::~SnapshotSync() = default;

SnapshotEffects SnapshotSync::peer_joined(PeerId peer, TimeMs now) {
    impl_->peer_joined(peer, now);
    return impl_->proceed(now);
}

SnapshotEffects SnapshotSync::peer_left(PeerId peer, TimeMs now) {
    impl_->remove_peer(peer);
    return impl_->proceed(now);
}

SnapshotEffects SnapshotSync::answered(PeerId peer, SnapshotResponse response, TimeMs now) {
    impl_->answered(peer, std::move(response), now);
    return impl_->proceed(now);
}

SnapshotEffects SnapshotSync::tick(TimeMs now) { return impl_->proceed(now); }

SnapshotEffects SnapshotSync::chunks_here(
    const Hash& manifest, const std::vector<std::uint32_t>& indexes, TimeMs now) {
    impl_->chunks_here(manifest, indexes);
    return impl_->proceed(now);
}

SnapshotEffects SnapshotSync::snapshot_false(const Hash& manifest, TimeMs now) {
    impl_->snapshot_false(manifest);
    return impl_->proceed(now);
}

std::optional<TimeMs> SnapshotSync::next_timer() const { return impl_->next_timer(); }

bool SnapshotSync::ready() const { return impl_->ready(); }

std::size_t SnapshotSync::chunks_missing() const { return impl_->chunks_missing(); }

std::size_t SnapshotSync::memory_bytes() const { return impl_->memory_bytes(); }

}  // namespace polis::sync
