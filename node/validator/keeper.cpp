#include <node/validator/keeper.hpp>

#include <algorithm>
#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>

namespace polis::node {

void Keeper::keep(BlockPtr block) {
    std::erase_if(bodies_, [&block](const BlockPtr& known) { return known->hash == block->hash; });
    bodies_.push_front(std::move(block));
    if (bodies_.size() > kBodiesMax) {
        bodies_.pop_back();
    }
}

ledger::StoreResult<BlockPtr> Keeper::find(const Hash& digest) {
    const auto known =
        std::ranges::find(bodies_, digest, [](const BlockPtr& b) { return b->hash; });
    if (known != bodies_.end()) {
        return *known;
    }
    POLIS_TRY(const auto pending, chain_->pending_block(digest));
    if (!pending) {
        return BlockPtr{};
    }
    auto checked = ledger::check_block(*pending, head(), chain_->rules());
    if (!checked) {
        return BlockPtr{};  // kept for a head that is no longer the head
    }
    keep(std::make_shared<const ledger::CheckedBlock>(*std::move(checked)));
    return bodies_.front();
}

ledger::StoreResult<void> Keeper::persist(
    const pbft::SafetyRecord& record, const std::optional<Hash>& store) {
    BlockPtr body;
    if (store) {
        POLIS_TRY(body, find(*store));
        POLIS_ASSERT(body != nullptr);
    }
    return chain_->persist_vote(codec::encode(record), body.get());
}

ledger::StoreResult<ledger::AppliedBlock> Keeper::apply(
    const ledger::CheckedBlock& block,
    const pbft::Certificate& certificate,
    const pbft::SafetyRecord& record) {
    const ledger::Finality finality{
        .certificate = certificate, .vote_record = codec::encode(record)};
    POLIS_TRY(ledger::AppliedBlock applied, chain_->apply(block, finality));
    bodies_.clear();
    return applied;
}

std::size_t Keeper::memory_bytes() const {
    std::size_t bytes = 0;
    for (const BlockPtr& body : bodies_) {
        bytes += sizeof(ledger::CheckedBlock);
        for (const ledger::CheckedTxn& txn : body->txns) {
            bytes += sizeof(txn) + txn.encoded_bytes;
        }
        bytes += body->facts.size() * sizeof(consensus::CertifiedFact);
    }
    return bytes;
}

}  // namespace polis::node
