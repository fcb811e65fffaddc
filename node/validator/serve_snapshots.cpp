#include <algorithm>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/store/snapshot.hpp>
#include <node/validator/impl.hpp>

/// Snapshots of the state for nodes that begin. Spec [J34].
namespace polis::node {

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::SnapshotRequest& message) {
    if (!budget_.admit(peer, now_)) {
        return {};  // the asker tries another server
    }
    POLIS_TRY(
        sync::SnapshotResponse answer,
        std::visit([this](const auto& request) { return answer_to(request); }, message));
    const Envelope envelope{std::move(answer)};
    const Bytes bytes = encode_wire(envelope);
    budget_.charge(peer, bytes.size());
    if (bytes.size() <= kWireBytesMax) {
        out_.emplace_back(SendTo{peer, channel_of(envelope), bytes});
    }
    return {};
}

/// This machine asks for none, and answers nobody waited for are nobody's fault.
Validator::Impl::Done Validator::Impl::receive(
    PeerId /*peer*/, const sync::SnapshotResponse& /*message*/) {
    return {};
}

ledger::StoreResult<Height> Validator::Impl::take_snapshot() {
    served_.reset();
    return chain().take_snapshot(kSnapshotsKept);
}

/// The snapshots here with their names, read once until there is a new one.
Validator::Impl::Done Validator::Impl::list_served() {
    if (served_) {
        return {};
    }
    POLIS_TRY(const std::vector<Height> heights, ledger::list_snapshots(chain().store()));
    std::vector<ServedSnapshot> found;
    for (const Height height : heights) {
        POLIS_TRY(auto manifest, ledger::load_manifest(chain().store(), height));
        if (manifest) {
            const Hash name = sync::manifest_hash(codec::encode(*manifest));
            found.push_back({.manifest = *std::move(manifest), .name = name});
        }
    }
    served_ = std::move(found);
    return {};
}

ledger::StoreResult<const ledger::SnapshotManifest*> Validator::Impl::manifest_named(
    const Hash& name) {
    POLIS_TRY_VOID(list_served());
    const auto found = std::ranges::find(*served_, name, &ServedSnapshot::name);
    return found == served_->end() ? nullptr : &found->manifest;
}

Validator::Impl::SnapshotAnswer Validator::Impl::answer_to(const sync::OffersRequest& /*request*/) {
    POLIS_TRY_VOID(list_served());
    sync::SnapshotOffers out;
    for (const auto& [manifest, name] : *served_) {
        // Only the block after it proves a snapshot.
        if (manifest.height < keeper_.head().height && out.offers.size() < sync::kOffersMax) {
            out.offers.push_back(
                {.height = manifest.height,
                 .block = manifest.block,
                 .state_root = manifest.state_root,
                 .manifest = name});
        }
    }
    return out;
}

Validator::Impl::SnapshotAnswer Validator::Impl::answer_to(const sync::ManifestRequest& request) {
    sync::ManifestResponse out{.manifest = request.manifest, .bytes = {}};
    POLIS_TRY(const auto* manifest, manifest_named(request.manifest));
    if (manifest != nullptr) {
        out.bytes = codec::encode(*manifest);
    }
    return out;
}

Validator::Impl::SnapshotAnswer Validator::Impl::answer_to(const sync::LinksRequest& request) {
    sync::LinksResponse out{.from = request.from, .links = {}};
    const std::size_t count = std::min<std::size_t>(request.count, sync::kLinksMax);
    for (Term term = request.from; out.links.size() < count; ++term.value) {
        POLIS_TRY(auto link, chain().reader().term_link(term));
        if (!link) {
            break;
        }
        out.links.push_back(*std::move(link));
    }
    return out;
}

Validator::Impl::SnapshotAnswer Validator::Impl::answer_to(const sync::AnchorRequest& request) {
    sync::AnchorResponse out{.height = request.height, .anchor = std::nullopt};
    const auto after = checked_add(request.height, Height{1});
    if (!after) {
        return out;
    }
    POLIS_TRY(auto block, load(request.height));
    POLIS_TRY(auto next, load(*after));
    POLIS_TRY(const auto next_block, chain().block(*after));
    if (block && next && next_block) {
        out.anchor = sync::Anchor{
            .block = *std::move(block),
            .next_header = codec::encode(next_block->header),
            .next_certificate = std::move(next->certificate)};
    }
    return out;
}

Validator::Impl::SnapshotAnswer Validator::Impl::answer_to(const sync::ChunkRequest& request) {
    sync::ChunkResponse out{.manifest = request.manifest, .index = request.index, .bytes = {}};
    POLIS_TRY(const auto* manifest, manifest_named(request.manifest));
    if (manifest != nullptr && request.index < manifest->chunks.size()) {
        POLIS_TRY(out.bytes, ledger::load_chunk(chain().store(), *manifest, request.index));
    }
    return out;
}

}  // namespace polis::node
