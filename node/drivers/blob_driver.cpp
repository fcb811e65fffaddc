#include <node/drivers/blob_driver.hpp>

#include <memory>
#include <utility>

#include <core/hex.hpp>
#include <core/integer.hpp>

namespace polis::node {

namespace {

/// After a failed write, most often a full disk.
constexpr std::uint64_t kRetryMs = 60'000;

}  // namespace

BlobDriver::BlobDriver(Setup setup) : setup_(std::move(setup)), fetch_({}), serve_({}) {
    keep_now({}, TimeMs{});
}

// ---- what is kept -------------------------------------------------------------------------------

void BlobDriver::keep(std::set<Hash> roots) {
    setup_.post([this, roots = std::move(roots)](TimeMs now) {
        keep_now(roots, now);
        return tick(now);
    });
}

/// What is new is wanted with the next tick.
void BlobDriver::keep_now(std::set<Hash> roots, TimeMs now) {
    roots.insert(setup_.keep.begin(), setup_.keep.end());
    for (const Hash& root : kept_) {
        if (!roots.contains(root)) {
            give_up(root);
        }
    }
    std::swap(kept_, roots);
    for (const Hash& root : kept_) {
        if (!roots.contains(root)) {
            again_at_.emplace(root, now);
        }
        arrived(root);  // a client may have brought it
    }
}

void BlobDriver::give_up(const Hash& root) {
    if (pinned_.erase(root) > 0) {
        setup_.store->unpin(root);
    }
    again_at_.erase(root);
    fetch_.forget(root);
    (void)setup_.files->submit([this, root] { (void)setup_.store->abandon(root); });
}

/// A blob that is here is pinned, once.
void BlobDriver::arrived(const Hash& root) {
    if (kept_.contains(root) && !pinned_.contains(root) && setup_.store->pin(root)) {
        pinned_.insert(root);
        again_at_.erase(root);
        fetch_.forget(root);
    }
}

void BlobDriver::want(const Hash& root, TimeMs now) {
    arrived(root);
    if (pinned_.contains(root) || fetch_.want(root, now)) {
        again_at_.erase(root);
    } else {
        again_at_[root] = TimeMs{saturating_add(now.value, kRetryMs)};
    }
}

// ---- serving ------------------------------------------------------------------------------------

std::optional<BlobShape> BlobDriver::shape(const Hash& root) const {
    auto found = setup_.store->shape(root);
    return found ? std::optional{*found} : std::nullopt;
}

p2p::BlobChunk BlobDriver::chunk(const Hash& root, std::uint32_t index) const {
    p2p::BlobChunk out{.root = root, .index = index, .bytes = {}, .siblings = {}};
    if (auto piece = setup_.store->chunk(root, index)) {
        out.bytes = std::move(piece->bytes);
        out.siblings = std::move(piece->siblings);
    } else if (piece.error().code == ledger::StoreErrc::kCorrupt) {
        setup_.log->error("blobs", "a blob is damaged", {{"cause", piece.error().context}});
    }
    return out;
}

// ---- inputs -------------------------------------------------------------------------------------

NetMachine::Effects BlobDriver::peer_up(PeerId peer, TimeMs now) {
    return perform(fetch_.peer_up(peer, now), now);
}

NetMachine::Effects BlobDriver::peer_down(PeerId peer, TimeMs now) {
    serve_.peer_down(peer);
    return perform(fetch_.peer_down(peer, now), now);
}

NetMachine::Effects BlobDriver::receive(PeerId peer, ByteView bytes, TimeMs now) {
    const auto message = p2p::decode_blob_message(bytes);
    if (!message) {
        return {Offended{peer, std::string(p2p::to_string(message.error()))}};
    }
    return on(peer, *message, now);
}

NetMachine::Effects BlobDriver::on(PeerId peer, const p2p::BlobMessage& message, TimeMs now) {
    if (const auto* query = std::get_if<p2p::BlobQuery>(&message)) {
        return perform(serve_.on_query(peer, *query, *this, now), now);
    }
    if (const auto* request = std::get_if<p2p::BlobChunkRequest>(&message)) {
        return perform(serve_.on_request(peer, *request, *this, now), now);
    }
    if (const auto* have = std::get_if<p2p::BlobHave>(&message)) {
        return perform(fetch_.on_have(peer, *have, now), now);
    }
    if (const auto* chunk = std::get_if<p2p::BlobChunk>(&message)) {
        return perform(fetch_.on_chunk(peer, *chunk, now), now);
    }
    return perform(fetch_.on_busy(peer, std::get<p2p::BlobBusy>(message), now), now);
}

NetMachine::Effects BlobDriver::tick(TimeMs now) {
    const std::map<Hash, TimeMs> waiting = again_at_;
    for (const auto& [root, at] : waiting) {
        if (at <= now) {
            want(root, now);
        }
    }
    return perform(fetch_.tick(now), now);
}

std::optional<TimeMs> BlobDriver::next_timer() const {
    std::optional<TimeMs> next = fetch_.next_timer();
    for (const auto& [root, at] : again_at_) {
        if (!next || at < *next) {
            next = at;
        }
    }
    return next;
}

// ---- effects ------------------------------------------------------------------------------------

NetMachine::Effects BlobDriver::perform(p2p::BlobEffects effects, TimeMs now) {
    Effects out;
    for (p2p::BlobEffect& effect : effects) {
        std::visit([&](auto& one) { perform_one(one, out, now); }, effect);
    }
    return out;
}

void BlobDriver::perform_one(p2p::SendBlob& effect, Effects& out, TimeMs /*now*/) {
    out.emplace_back(Send{effect.connection, std::move(effect.bytes)});
}

void BlobDriver::perform_one(const p2p::BlobBlame& effect, Effects& out, TimeMs /*now*/) {
    out.emplace_back(Offended{effect.connection, std::string(p2p::to_string(effect.fault))});
}

void BlobDriver::perform_one(const p2p::BlobComplete& effect, Effects& /*out*/, TimeMs /*now*/) {
    setup_.log->debug(
        "blobs", "every chunk has come", {{"root", to_hex(effect.root.view().first(4))}});
    arrived(effect.root);  // if it was here all the time; else when the last chunk is written
}

void BlobDriver::perform_one(const p2p::BlobFound& effect, Effects& out, TimeMs now) {
    if (!setup_.files->submit([this, effect] { make_room(effect); })) {
        for (auto& more : retry(effect.root, "too many files wait", now)) {
            out.push_back(std::move(more));
        }
    }
}

void BlobDriver::perform_one(p2p::StoreBlobChunk& effect, Effects& out, TimeMs now) {
    const auto chunk = std::make_shared<const p2p::StoreBlobChunk>(std::move(effect));
    if (!setup_.files->submit([this, chunk] { write(*chunk); })) {
        for (auto& more : retry(chunk->root, "too many files wait", now)) {
            out.push_back(std::move(more));
        }
    }
}

NetMachine::Effects BlobDriver::retry(const Hash& root, const std::string& cause, TimeMs now) {
    setup_.log->warn(
        "blobs",
        "a blob cannot be stored; it is tried again",
        {{"root", to_hex(root.view().first(4))}, {"cause", cause}});
    fetch_.forget(root);
    again_at_[root] = TimeMs{saturating_add(now.value, kRetryMs)};
    return {};
}

// ---- on the thread of files ---------------------------------------------------------------------

void BlobDriver::make_room(const p2p::BlobFound& found) {
    const Hash root = found.root;
    if (const auto begun = setup_.store->begin(root, found.shape); !begun) {
        setup_.post([this, root, cause = begun.error().context](TimeMs now) {
            return retry(root, cause, now);
        });
        return;
    }
    const auto partial = setup_.store->partial(root);
    std::vector<bool> have =
        partial ? partial->have : std::vector<bool>(found.shape.chunk_count(), true);
    setup_.post([this, root, have = std::move(have)](TimeMs now) {
        return perform(fetch_.have(root, have, now), now);
    });
}

void BlobDriver::write(const p2p::StoreBlobChunk& chunk) {
    const auto whole = setup_.store->write_chunk(chunk.root, chunk.index, chunk.bytes);
    if (!whole) {
        setup_.post([this, root = chunk.root, cause = whole.error().context](TimeMs now) {
            return retry(root, cause, now);
        });
        return;
    }
    if (*whole) {
        setup_.post([this, root = chunk.root](TimeMs /*now*/) {
            arrived(root);
            setup_.log->info("blobs", "a blob is here", {{"root", to_hex_prefixed(root.view())}});
            return Effects{};
        });
    }
}

}  // namespace polis::node
