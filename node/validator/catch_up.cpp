#include <algorithm>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <node/validator/impl.hpp>

/// Blocks that others have decided, and this node's blocks for others. Spec [J7], [J14], [J15].
namespace polis::node {

// ---- for this node ------------------------------------------------------------------------------

Validator::Impl::Done Validator::Impl::perform(const sync::AskBlocks& effect) {
    send(effect.peer, effect.request);
    return {};
}

/// The block of the delivery, if it is the one that its certificate makes final and nobody changed
/// its body. Whether this node agrees with it is another question.
std::optional<ledger::Block> Validator::Impl::authentic(const sync::Deliver& delivery) {
    const pbft::Certificate& certificate = delivery.block.certificate;
    auto block = codec::decode<ledger::Block>(delivery.block.block);
    if (!block || block->header.height != delivery.height ||
        certificate.statement.height != delivery.height ||
        certificate.statement.digest != ledger::block_hash(block->header) ||
        !body_matches(*block) ||
        !pbft::verify_certificate(
            certificate, pbft::Phase::kCommit, replica_.schedule().current, checker_)) {
        return std::nullopt;
    }
    return *std::move(block);
}

Validator::Impl::Done Validator::Impl::perform(const sync::Deliver& effect) {
    if (effect.height != replica_.height() || replica_.halted()) {
        return {};  // decided meanwhile, or nothing is decided here any more
    }
    auto block = authentic(effect);
    if (!block) {
        enqueue(block_sync_.rejected(effect.height, now_));
        return {};
    }
    const Hash digest = effect.block.certificate.statement.digest;
    synced_ = SyncedBody{digest, *std::move(block)};
    if (finalizing_ && finalizing_->certificate.statement.digest == digest) {
        return finalize();
    }
    inputs_.emplace_back(pbft::Synced{effect.block.certificate});
    return {};
}

// ---- for others ---------------------------------------------------------------------------------

/// A restored chain has no certificates up to its base.
sync::HeadClaim Validator::Impl::own_claim() {
    return {.base = Height{chain().base().value + 1}, .head = keeper_.head().height};
}

/// Not more often than it could be of use.
void Validator::Impl::tell_claim(PeerId peer) {
    Peer& state = peers_.at(peer);
    if (now_ < state.claim_at) {
        return;
    }
    state.claim_at = TimeMs{saturating_add(now_.value, options_.timing.resend_ms)};
    send(peer, own_claim());
}

ledger::StoreResult<std::optional<sync::SyncedBlock>> Validator::Impl::load(Height height) {
    POLIS_TRY(const auto block, chain().block(height));
    POLIS_TRY(auto certificate, chain().certificate(height));
    if (!block || !certificate) {
        return std::optional<sync::SyncedBlock>{};
    }
    return std::optional{sync::SyncedBlock{codec::encode(*block), *std::move(certificate)}};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::BlockRequest& message) {
    if (!budget_.admit(peer, now_)) {
        send(peer, sync::BlockBusy{message.id});
        return {};
    }
    const sync::ServePlan plan = sync::plan_blocks(message, own_claim());
    sync::BlockAnswer answer(message);
    for (std::uint64_t i = 0; i < plan.count; ++i) {
        POLIS_TRY(auto block, load(Height{plan.from.value + i}));
        if (!block || !answer.add(*std::move(block))) {
            break;
        }
    }
    budget_.charge(peer, answer.bytes());
    send(peer, answer.take());
    return {};
}

/// A whole block by its name: of the height being decided, or of the chain.
ledger::StoreResult<std::optional<ledger::Block>> Validator::Impl::find_body(const Hash& digest) {
    POLIS_TRY(const BlockPtr open, keeper_.find(digest));
    if (open) {
        return std::optional{plain(*open)};
    }
    POLIS_TRY(const auto height, chain().height_of(digest));
    return height ? chain().block(*height)
                  : ledger::StoreResult<std::optional<ledger::Block>>(std::nullopt);
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const sync::BodyRequest& message) {
    if (!budget_.admit(peer, now_)) {
        return {};  // the asker tries another source
    }
    POLIS_TRY(const auto block, find_body(message.digest));
    std::vector<Bytes> txns;
    std::vector<std::size_t> sizes;
    for (const ledger::Transaction& txn :
         block ? block->txns : std::vector<ledger::Transaction>{}) {
        txns.push_back(codec::encode(txn));
        sizes.push_back(txns.back().size());
    }
    if (message.summary) {
        sync::BodySummary out{.digest = message.digest, .summary = std::nullopt};
        if (block) {
            pbft::Summary& summary = out.summary.emplace();
            summary.header = codec::encode(block->header);
            summary.facts = codec::encode(block->facts);
            std::ranges::transform(txns, std::back_inserter(summary.txns), [](const Bytes& txn) {
                return ledger::txn_id(txn);
            });
        }
        budget_.charge(peer, out.summary ? out.summary->txns.size() * sizeof(Hash) : 0);
        send(peer, out);
        return {};
    }
    sync::BodyItems out{.digest = message.digest, .items = {}};
    for (const std::uint32_t index : sync::plan_items(message, sizes)) {
        budget_.charge(peer, sizes[index]);
        out.items.push_back({.index = index, .bytes = std::move(txns[index])});
    }
    send(peer, out);
    return {};
}

}  // namespace polis::node
