#include <algorithm>
#include <span>
#include <utility>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <node/validator/impl.hpp>

/// Transactions: into the mempool, and on to peers. Spec [J9], [J10], [J21], [J23] to [J25].
namespace polis::node {

namespace {

/// The list in parts of at most `count_max`.
std::vector<std::vector<Hash>> parts_of(const std::vector<Hash>& txns, std::size_t count_max) {
    std::vector<std::vector<Hash>> out;
    for (std::span<const Hash> rest(txns); !rest.empty();) {
        const auto part = rest.first(std::min(rest.size(), count_max));
        out.emplace_back(part.begin(), part.end());
        rest = rest.subspan(part.size());
    }
    return out;
}

}  // namespace

// ---- in -----------------------------------------------------------------------------------------

ledger::StoreResult<Arrival> Validator::Impl::take_txn(
    ByteView encoded, std::optional<PeerId> from) {
    POLIS_TRY(Arrival arrival, pool_.add(encoded, chain().state()));
    if (arrival.accepted()) {
        enqueue(body_fetch_.item_found(arrival.id, encoded, now_));
    }
    note_arrival(arrival, from);
    return arrival;
}

void Validator::Impl::note_arrival(const Arrival& arrival, std::optional<PeerId> from) {
    if (arrival.accepted()) {
        gossip_.accepted(arrival.id, from, now_);
    } else if (from) {
        gossip_.refused(arrival.id, *from, now_);
        gossip_.known_by(*from, arrival.id);
    }
}

Validator::Impl::Done Validator::Impl::on(const SubmitTxn& input) {
    POLIS_TRY(Arrival arrival, take_txn(input.encoded, std::nullopt));
    out_.emplace_back(TxnVerdict{input.ticket, arrival.id, std::move(arrival.outcome)});
    return {};
}

/// The check of the signature is the dear one, and it is done. A known one costs a look-up.
Validator::Impl::Done Validator::Impl::on(const TxnsVerified& input) {
    POLIS_ASSERT(input.peer || input.tickets.size() == input.txns.size());
    for (std::size_t i = 0; i < input.txns.size(); ++i) {
        const ledger::TxnPtr& txn = input.txns[i];
        POLIS_TRY(Arrival arrival, pool_.add_verified(txn, chain().state()));
        if (arrival.accepted() && body_fetch_.active()) {
            enqueue(body_fetch_.item_found(arrival.id, codec::encode(txn->txn), now_));
        }
        note_arrival(arrival, input.peer);
        if (!input.peer) {
            out_.emplace_back(TxnVerdict{input.tickets[i], arrival.id, std::move(arrival.outcome)});
        }
    }
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const TxnBatch& message) {
    if (!gossip_.listens_to(peer, now_)) {
        return {};
    }
    for (const Bytes& txn : message.txns) {
        POLIS_TRY(const Arrival arrival, take_txn(txn, peer));
        if (arrival.invalid()) {
            penalise(peer, "passed on an invalid transaction");
            break;
        }
    }
    return {};
}

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const TxnAnnounce& message) {
    std::vector<Hash> unknown;
    for (const Hash& txn : message.txns) {
        if (pool_.pool().contains(txn)) {
            gossip_.known_by(peer, txn);
        } else {
            unknown.push_back(txn);
        }
    }
    gossip_.announced(peer, unknown, now_);
    return {};
}

// ---- out ----------------------------------------------------------------------------------------

Validator::Impl::Done Validator::Impl::receive(PeerId peer, const TxnRequest& message) {
    if (!txn_budget_.admit(peer, now_)) {
        return {};  // the asker tries another
    }
    for (TxnBatch& batch : pool_.batches(message.txns)) {
        for (const Bytes& txn : batch.txns) {
            txn_budget_.charge(peer, txn.size());
        }
        send(peer, std::move(batch));
    }
    return {};
}

void Validator::Impl::perform(const PushTxns& effect) {
    for (TxnBatch& batch : pool_.batches(effect.txns)) {
        const Envelope message = std::move(batch);
        if (effect.peers.size() == peers_.size()) {
            broadcast(message);
            continue;
        }
        const Bytes bytes = encode_wire(message);
        for (const PeerId peer : effect.peers) {
            out_.emplace_back(SendTo{peer, channel_of(message), bytes});
        }
    }
}

void Validator::Impl::perform(const AnnounceTxns& effect) {
    for (std::vector<Hash>& part : parts_of(effect.txns, kTxnAnnounceMax)) {
        send(effect.peer, TxnAnnounce{std::move(part)});
    }
}

void Validator::Impl::perform(const AskTxns& effect) {
    for (std::vector<Hash>& part : parts_of(effect.txns, kTxnRequestMax)) {
        send(effect.peer, TxnRequest{std::move(part)});
    }
}

}  // namespace polis::node
