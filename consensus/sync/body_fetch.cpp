#include <consensus/sync/body_fetch.hpp>

#include <algorithm>
#include <tuple>

#include <consensus/sync/time.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::sync {

namespace {

constexpr std::size_t kParallelAfterTimeout = 2;

bool is_named(ByteView bytes, const Hash& id) {
    return crypto::blake2b_256(crypto::kDomainTxnId, bytes) == id;
}

std::size_t bytes_of(const pbft::Summary& summary) {
    return summary.header.size() + summary.txns.size() * Hash::kSize + summary.facts.size();
}

template <class Sources>
auto find_source(Sources& sources, PeerId peer) {
    using Source = typename Sources::value_type;
    return std::ranges::find(sources, peer, &Source::peer);
}

/// What is wrong with items for the block of `txns`; nothing if all are what it names.
std::optional<Fault> fault_of(const std::vector<BodyItem>& items, const std::vector<Hash>& txns) {
    const auto is_right = [&](const BodyItem& item) {
        return item.index < txns.size() && is_named(item.bytes, txns[item.index]);
    };
    return std::ranges::all_of(items, is_right) ? std::nullopt : std::optional{Fault::kWrongItem};
}

}  // namespace

// ---- inputs -------------------------------------------------------------------------------------

BodyFetchEffects BodyFetch::obtain(Wanted wanted, TimeMs now) {
    BodyFetchEffects out;
    if (wanted.height <= decided_) {
        return proceed(now, std::move(out));
    }
    auto entry = blocks_.find(wanted.digest);
    if (entry == blocks_.end()) {
        make_room();
        entry = blocks_.emplace(wanted.digest, Block{}).first;
        entry->second.height = wanted.height;
        entry->second.digest = wanted.digest;
        entry->second.order = next_order_++;
    }
    Block& block = entry->second;
    block.final = block.final || wanted.final;
    add_sources(block, wanted.sources);
    if (wanted.summary && block.stage == Stage::kNoSummary) {
        if (pbft::summary_hash(*wanted.summary) == wanted.digest) {
            offer_summary(block, *std::move(wanted.summary), wanted.summary_from, out);
        } else if (wanted.summary_from) {
            blame(*wanted.summary_from, Fault::kWrongSummary, out);
        }
    }
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::missing(
    const Hash& digest, const std::vector<std::uint32_t>& indexes, TimeMs now) {
    BodyFetchEffects out;
    const auto entry = blocks_.find(digest);
    if (entry == blocks_.end() || entry->second.stage != Stage::kChecking) {
        return proceed(now, std::move(out));
    }
    Block& block = entry->second;
    block.stage = Stage::kItems;
    for (const std::uint32_t index : indexes) {
        POLIS_ASSERT_OP(index, <, block.summary.txns.size());
        block.items.emplace(index, Bytes{});
        block.item_names.emplace_back(block.summary.txns[index], index);
    }
    std::ranges::sort(block.item_names);
    block.items_missing = block.items.size();
    if (block.items_missing == 0) {
        finish(entry, out);
    }
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::reject_summary(const Hash& digest, TimeMs now) {
    BodyFetchEffects out;
    const auto entry = blocks_.find(digest);
    if (entry == blocks_.end() || entry->second.stage != Stage::kChecking) {
        return proceed(now, std::move(out));
    }
    Block& block = entry->second;
    block.stage = Stage::kNoSummary;
    block.summary = {};
    if (const auto liar = std::exchange(block.summary_from, std::nullopt)) {
        blame(*liar, Fault::kWrongSummary, out);
    }
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::summary_answered(PeerId peer, BodySummary response, TimeMs now) {
    BodyFetchEffects out;
    const auto entry = blocks_.find(response.digest);
    if (entry == blocks_.end()) {
        return proceed(now, std::move(out));
    }
    Block& block = entry->second;
    const auto source = find_source(block.sources, peer);
    if (source == block.sources.end() || !source->asked || source->blamed ||
        block.stage != Stage::kNoSummary) {
        return proceed(now, std::move(out));  // not asked for, or another was faster
    }
    source->waits_since.reset();
    if (!response.summary) {
        pause(*source, now);
    } else if (pbft::summary_hash(*response.summary) != response.digest) {
        blame(peer, Fault::kWrongSummary, out);
    } else {
        source->retry_ms = 0;
        offer_summary(block, *std::move(response.summary), peer, out);
    }
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::items_answered(PeerId peer, BodyItems response, TimeMs now) {
    BodyFetchEffects out;
    const auto entry = blocks_.find(response.digest);
    if (entry == blocks_.end()) {
        return proceed(now, std::move(out));
    }
    Block& block = entry->second;
    const auto source = find_source(block.sources, peer);
    if (source == block.sources.end() || !source->asked || source->blamed ||
        block.stage != Stage::kItems) {
        return proceed(now, std::move(out));  // not asked for, or too late
    }
    source->waits_since.reset();
    if (const auto fault = fault_of(response.items, block.summary.txns)) {
        blame(peer, *fault, out);
        return proceed(now, std::move(out));
    }
    const std::size_t missing_before = block.items_missing;
    for (BodyItem& item : response.items) {
        const auto place = block.items.find(item.index);
        if (place != block.items.end()) {
            put_item(block, place->second, std::move(item.bytes));
        }
    }
    if (block.items_missing == missing_before) {
        pause(*source, now);
    } else {
        source->retry_ms = 0;
    }
    finish(entry, out);
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::item_found(const Hash& txn, ByteView bytes, TimeMs now) {
    BodyFetchEffects out;
    for (auto it = blocks_.begin(); it != blocks_.end();) {
        const auto entry = it++;
        Block& block = entry->second;
        const auto names = std::ranges::equal_range(
            block.item_names, txn, {}, &std::pair<Hash, std::uint32_t>::first);
        for (const auto& [id, index] : names) {
            if (is_named(bytes, txn)) {
                put_item(block, block.items.at(index), to_bytes(bytes));
            }
        }
        if (!names.empty()) {
            finish(entry, out);
        }
    }
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::peer_left(PeerId peer, TimeMs now) {
    BodyFetchEffects out;
    blamed_.erase(peer);
    for (auto& [digest, block] : blocks_) {
        std::erase_if(block.sources, [peer](const Source& source) { return source.peer == peer; });
        if (block.summary_from == peer) {
            block.summary_from.reset();
        }
    }
    return proceed(now, std::move(out));
}

BodyFetchEffects BodyFetch::tick(TimeMs now) {
    BodyFetchEffects out;
    return proceed(now, std::move(out));
}

void BodyFetch::decided(Height height) {
    decided_ = std::max(decided_, height);
    std::erase_if(blocks_, [this](const auto& entry) { return entry.second.height <= decided_; });
}

void BodyFetch::forget(const Hash& digest) { blocks_.erase(digest); }

// ---- queries ------------------------------------------------------------------------------------

std::optional<TimeMs> BodyFetch::next_timer() const {
    NextTime next(now_);
    for (const auto& [digest, block] : blocks_) {
        for (const Source& source : block.sources) {
            if (source.blamed || block.stage == Stage::kChecking) {
                continue;
            }
            next.add(
                source.waits_since ? later(*source.waits_since, options_.request_timeout_ms)
                                   : source.free_at);
        }
    }
    return next.earliest();
}

std::size_t BodyFetch::memory_bytes() const {
    std::size_t out = 0;
    for (const auto& [digest, block] : blocks_) {
        constexpr std::size_t kPlace =
            sizeof(std::pair<const std::uint32_t, Bytes>) + sizeof(std::pair<Hash, std::uint32_t>);
        out += sizeof(Block) + bytes_of(block.summary) + block.items_bytes +
               block.items.size() * kPlace + block.sources.size() * sizeof(Source);
    }
    return out;
}

// ---- parts --------------------------------------------------------------------------------------

BodyFetchEffects BodyFetch::proceed(TimeMs now, BodyFetchEffects out) {
    now_ = now;
    for (auto& [digest, block] : blocks_) {
        if (block.stage != Stage::kChecking) {
            expire(block, now);
            ask(block, now, out);
        }
    }
    return out;
}

void BodyFetch::expire(Block& block, TimeMs now) const {
    for (Source& source : block.sources) {
        if (source.waits_since &&
            ms_between(*source.waits_since, now) >= options_.request_timeout_ms) {
            source.waits_since.reset();
            pause(source, now);
            block.parallel = kParallelAfterTimeout;
        }
    }
}

void BodyFetch::ask(Block& block, TimeMs now, BodyFetchEffects& out) const {
    auto waiting = static_cast<std::size_t>(std::ranges::count_if(
        block.sources, [](const Source& source) { return source.waits_since.has_value(); }));
    BodyRequest request{
        .digest = block.digest, .summary = block.stage == Stage::kNoSummary, .indexes = {}};
    const std::size_t count = block.sources.size();
    for (std::size_t i = 0, at = block.next_source; i < count && waiting < block.parallel; ++i) {
        Source& source = block.sources[(at + i) % count];
        if (source.blamed || source.waits_since || source.free_at > now) {
            continue;
        }
        if (!request.summary && request.indexes.empty()) {
            for (const auto& [index, bytes] : block.items) {
                if (bytes.empty() && request.indexes.size() < kBodyItemsMax) {
                    request.indexes.push_back(index);
                }
            }
        }
        source.asked = true;
        source.waits_since = now;
        block.next_source = (at + i + 1) % count;
        ++waiting;
        out.emplace_back(AskBody{.peer = source.peer, .request = request});
    }
}

/// Keeps an item that is still missing; nothing beyond what a block can hold.
void BodyFetch::put_item(Block& block, Bytes& place, Bytes bytes) const {
    if (place.empty() && !bytes.empty() && block.items_bytes <= options_.items_bytes_max) {
        block.items_bytes += bytes.size();
        place = std::move(bytes);
        --block.items_missing;
    }
}

void BodyFetch::pause(Source& source, TimeMs now) const {
    source.retry_ms = next_pause(source.retry_ms, options_.retry_ms, options_.retry_ms_max);
    source.free_at = later(now, source.retry_ms);
}

void BodyFetch::add_sources(Block& block, const std::vector<PeerId>& peers) const {
    for (const PeerId peer : peers) {
        if (block.sources.size() < options_.sources_max &&
            find_source(block.sources, peer) == block.sources.end()) {
            Source& source = block.sources.emplace_back();
            source.peer = peer;
            source.blamed = blamed_.contains(peer);
        }
    }
}

/// Hands a summary whose hash is right to the driver. Who is still waited for is free again.
void BodyFetch::offer_summary(
    Block& block, pbft::Summary summary, std::optional<PeerId> from, BodyFetchEffects& out) {
    block.stage = Stage::kChecking;
    block.summary = std::move(summary);
    block.summary_from = from;
    block.parallel = 1;
    for (Source& source : block.sources) {
        source.waits_since.reset();
    }
    out.emplace_back(CheckSummary{.digest = block.digest, .summary = block.summary});
}

/// Ends a block that has everything, or more than a block can have.
void BodyFetch::finish(Blocks::iterator entry, BodyFetchEffects& out) {
    Block& block = entry->second;
    if (block.items_bytes > options_.items_bytes_max) {
        out.emplace_back(BodyTooLarge{.height = block.height, .digest = block.digest});
    } else if (block.items_missing == 0) {
        BodyComplete complete{
            .height = block.height,
            .digest = block.digest,
            .summary = std::move(block.summary),
            .items = {}};
        for (auto& [index, bytes] : block.items) {
            complete.items.push_back({.index = index, .bytes = std::move(bytes)});
        }
        out.emplace_back(std::move(complete));
    } else {
        return;
    }
    blocks_.erase(entry);
}

void BodyFetch::blame(PeerId peer, Fault fault, BodyFetchEffects& out) {
    for (auto& [digest, block] : blocks_) {
        const auto source = find_source(block.sources, peer);
        if (source != block.sources.end()) {
            source->blamed = true;
            source->waits_since.reset();
        }
    }
    if (blamed_.insert(peer).second) {
        out.emplace_back(Blame{.peer = peer, .fault = fault});
    }
}

/// The oldest block that no certificate names gives way; what is needed is obtained again by a
/// later view.
void BodyFetch::make_room() {
    while (!blocks_.empty() && blocks_.size() >= options_.blocks_max) {
        blocks_.erase(std::ranges::min_element(blocks_, {}, [](const auto& entry) {
            return std::pair{entry.second.final, entry.second.order};
        }));
    }
}

}  // namespace polis::sync
