#include <ledger/mempool/entry.hpp>

#include <algorithm>
#include <tuple>

namespace polis::ledger::mempool {

std::size_t Sender::position_of(Nonce nonce) const {
    return static_cast<std::size_t>(
        std::ranges::lower_bound(txns, nonce, {}, &Entry::nonce) - txns.begin());
}

Entry* Sender::find(Nonce nonce) const {
    const std::size_t position = position_of(nonce);
    const bool found = position < txns.size() && txns[position]->nonce() == nonce;
    return found ? txns[position] : nullptr;
}

Worth Sender::worth_at(std::size_t position, const TxnBody& body) const {
    const bool follows = body.nonce.value == account.nonce.value + position;
    if (position == 0) {
        return {follows ? Standing::kPending : Standing::kQueued, body.gas_price};
    }
    // Nonces are distinct and at least the account's: if this one follows, all before it do.
    const Worth& before = txns[position - 1]->worth;
    return {
        follows ? Standing::kPending : Standing::kQueued,
        std::min(before.price_floor, body.gas_price)};
}

void Sender::restate(std::size_t first) {
    for (std::size_t i = first; i < txns.size(); ++i) {
        txns[i]->index = i;
        txns[i]->worth = worth_at(i, txns[i]->txn->txn.body);
    }
    const auto first_queued = std::ranges::partition_point(
        txns, [](const Entry* entry) { return entry->worth.standing == Standing::kPending; });
    pending_count = static_cast<std::size_t>(first_queued - txns.begin());
}

bool PickFirst::operator()(const Entry* left, const Entry* right) const {
    if (left->price != right->price) {
        return left->price > right->price;
    }
    return left->sequence < right->sequence;
}

bool EvictFirst::operator()(const Entry* left, const Entry* right) const {
    return std::tie(left->worth, right->index, right->sequence) <
           std::tie(right->worth, left->index, left->sequence);
}

bool ExpireFirst::operator()(const Entry* left, const Entry* right) const {
    if (left->valid_until != right->valid_until) {
        return left->valid_until < right->valid_until;
    }
    return left->sequence < right->sequence;
}

}  // namespace polis::ledger::mempool
