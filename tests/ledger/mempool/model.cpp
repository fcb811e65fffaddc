#include <tests/ledger/mempool/model.hpp>

#include <algorithm>

#include <gtest/gtest.h>

namespace polis::ledger::test {

namespace {

Nonce nonce_of(const CheckedTxn& txn) { return txn.txn.body.nonce; }

GasPrice price_of(const CheckedTxn& txn) { return txn.txn.body.gas_price; }

}  // namespace

Account Model::account_of(const Address& address) const {
    const auto found = accounts.find(address);
    return found != accounts.end() ? found->second : Account{};
}

std::vector<Model::Record> Model::records_of(const Address& sender) const {
    std::vector<Record> out;
    std::ranges::copy_if(records_, std::back_inserter(out), [&](const Record& record) {
        return record.txn->sender == sender;
    });
    std::ranges::sort(out, {}, [](const Record& record) { return nonce_of(*record.txn); });
    return out;
}

const Model::Record* Model::find(const Address& sender, Nonce nonce) const {
    const auto found = std::ranges::find_if(records_, [&](const Record& record) {
        return record.txn->sender == sender && nonce_of(*record.txn) == nonce;
    });
    return found != records_.end() ? &*found : nullptr;
}

Model::Rank Model::rank_of(const CheckedTxn& txn) const {
    Rank out{.pending = true, .floor = price_of(txn), .index = 0};
    for (const Record& record : records_of(txn.sender)) {
        if (nonce_of(*record.txn) < nonce_of(txn)) {
            out.floor = std::min(out.floor, price_of(*record.txn));
            ++out.index;
        }
    }
    for (std::uint64_t nonce = account_of(txn.sender).nonce.value; nonce < nonce_of(txn).value;
         ++nonce) {
        out.pending = out.pending && find(txn.sender, Nonce{nonce}) != nullptr;
    }
    return out;
}

u128 Model::cost_of(const CheckedTxn& txn) const {
    return u128{txn.fee_max.value} + amount_moved(txn.txn.body.payload).value;
}

bool Model::overfull(const std::vector<Record>& records) const {
    std::size_t bytes = 0;
    for (const Record& record : records) {
        bytes += record.txn->encoded_bytes;
    }
    return bytes > limits_.bytes_max || records.size() > limits_.count_max;
}

std::vector<Model::Record> Model::eviction_order() const {
    std::vector<Record> out = records_;
    std::ranges::sort(out, [this](const Record& left, const Record& right) {
        const Rank left_rank = rank_of(*left.txn);
        const Rank right_rank = rank_of(*right.txn);
        if (left_rank.worth_less_than(right_rank) || right_rank.worth_less_than(left_rank)) {
            return left_rank.worth_less_than(right_rank);
        }
        if (left_rank.index != right_rank.index) {
            return left_rank.index > right_rank.index;
        }
        return left.sequence > right.sequence;
    });
    return out;
}

std::optional<MempoolError> Model::refusal(const CheckedTxn& txn) const {
    const Account account = account_of(txn.sender);
    if (account == Account{}) {
        return MempoolError::kUnknownAccount;
    }
    if (nonce_of(txn) < account.nonce) {
        return MempoolError::kStaleNonce;
    }
    const Nonce next = next_nonce(txn.sender).value_or(account.nonce);
    if (nonce_of(txn).value > next.value + limits_.nonce_gap_max) {
        return MempoolError::kNonceTooFar;
    }
    const auto own = records_of(txn.sender);
    const Record* old = find(txn.sender, nonce_of(txn));
    if (old != nullptr) {
        const u128 price = price_of(txn).value;
        const u128 old_price = price_of(*old->txn).value;
        if (price <= old_price ||
            price * 100 < old_price * (100 + limits_.replacement_rise_percent)) {
            return MempoolError::kReplacementTooCheap;
        }
    } else if (own.size() >= limits_.sender_count_max) {
        return MempoolError::kSenderFull;
    }
    u128 total = cost_of(txn);
    for (const Record& record : own) {
        total += nonce_of(*record.txn) == nonce_of(txn) ? 0 : cost_of(*record.txn);
    }
    return total > account.balance.value ? std::optional{MempoolError::kInsufficientBalance}
                                         : std::nullopt;
}

Verdict Model::add(const TxnPtr& txn) {
    const auto same_id = [&](const Record& record) { return record.txn->id == txn->id; };
    if (std::ranges::any_of(records_, same_id)) {
        return std::unexpected(MempoolError::kAlreadyKnown);
    }
    if (txn->encoded_bytes > std::min(limits_.txn_bytes_max, limits_.bytes_max)) {
        return std::unexpected(MempoolError::kTooLarge);
    }
    if (txn->txn.body.valid_until <= height_) {
        return std::unexpected(MempoolError::kExpired);
    }
    std::vector<Record> after = records_;
    const Record* old = find(txn->sender, nonce_of(*txn));
    const auto old_id = old != nullptr ? std::optional{old->txn->id} : std::nullopt;
    std::erase_if(after, [&](const Record& record) { return record.txn->id == old_id; });
    after.push_back({txn, sequence_next_});
    const auto order = eviction_order();
    const Rank best{.pending = true, .floor = price_of(*txn), .index = 0};
    if (overfull(after) && !rank_of(*order.front().txn).worth_less_than(best)) {
        return std::unexpected(MempoolError::kPoolFull);
    }
    if (const auto error = refusal(*txn)) {
        return std::unexpected(*error);
    }
    const Rank rank = rank_of(*txn);
    Admission out{
        .standing = rank.pending ? Standing::kPending : Standing::kQueued,
        .replaced = old_id,
        .evicted = {}};
    for (const Record& victim : order) {
        if (!overfull(after)) {
            break;
        }
        if (!rank_of(*victim.txn).worth_less_than(rank)) {
            return std::unexpected(MempoolError::kPoolFull);
        }
        if (victim.txn->sender != txn->sender) {
            const Hash id = victim.txn->id;
            out.evicted.push_back(id);
            std::erase_if(after, [&](const Record& record) { return record.txn->id == id; });
        }
    }
    if (overfull(after)) {
        return std::unexpected(MempoolError::kPoolFull);
    }
    ++sequence_next_;
    records_ = std::move(after);
    return out;
}

void Model::remove(const Hash& id) {
    std::erase_if(records_, [&](const Record& record) { return record.txn->id == id; });
}

std::vector<Removal> Model::on_block(Height height, const std::vector<Hash>& included) {
    height_ = height;
    std::map<std::pair<Address, Nonce>, Removal> out;
    std::map<Address, u128> spent;
    std::set<Address> broke;
    auto order = records_;
    std::ranges::sort(order, {}, [](const Record& record) { return nonce_of(*record.txn); });
    for (const Record& record : order) {
        const CheckedTxn& txn = *record.txn;
        const Account account = account_of(txn.sender);
        std::optional<RemovalReason> reason;
        if (std::ranges::find(included, txn.id) != included.end()) {
            reason = RemovalReason::kIncluded;
        } else if (txn.txn.body.valid_until <= height) {
            reason = RemovalReason::kExpired;
        } else if (nonce_of(txn) < account.nonce) {
            reason = RemovalReason::kStaleNonce;
        } else if (
            broke.contains(txn.sender) ||
            spent[txn.sender] + cost_of(txn) > account.balance.value) {
            reason = RemovalReason::kUnaffordable;
            broke.insert(txn.sender);
        } else {
            spent[txn.sender] += cost_of(txn);
        }
        if (reason) {
            out[{txn.sender, nonce_of(txn)}] = {txn.id, *reason};
            remove(txn.id);
        }
    }
    std::vector<Removal> removals;
    for (const auto& [place, removal] : out) {
        removals.push_back(removal);
    }
    return removals;
}

std::vector<Hash> Model::select(BlockSpace space, const std::set<Hash>& taken) const {
    std::map<Address, std::uint64_t> next;
    for (const Record& record : records_) {
        next[record.txn->sender] = account_of(record.txn->sender).nonce.value;
    }
    std::vector<Hash> out;
    while (out.size() < space.count_max) {
        const Record* best = nullptr;
        for (const auto& [sender, nonce] : next) {
            const Record* head = find(sender, Nonce{nonce});
            if (head != nullptr &&
                (best == nullptr || price_of(*head->txn) > price_of(*best->txn) ||
                 (price_of(*head->txn) == price_of(*best->txn) &&
                  head->sequence < best->sequence))) {
                best = head;
            }
        }
        if (best == nullptr) {
            break;
        }
        const CheckedTxn& txn = *best->txn;
        const Gas gas = txn.txn.body.gas_limit;
        if (taken.contains(txn.id)) {
            ++next[txn.sender];
        } else if (
            gas <= space.gas_max && txn.encoded_bytes <= space.bytes_max &&
            txn.txn.body.valid_until >= space.height) {
            space.gas_max.value -= gas.value;
            space.bytes_max -= txn.encoded_bytes;
            out.push_back(txn.id);
            ++next[txn.sender];
        } else {
            next.erase(txn.sender);
        }
    }
    return out;
}

std::vector<Hash> Model::content() const {
    std::map<std::pair<Address, Nonce>, Hash> order;
    for (const Record& record : records_) {
        order[{record.txn->sender, nonce_of(*record.txn)}] = record.txn->id;
    }
    std::vector<Hash> out;
    for (const auto& [place, id] : order) {
        out.push_back(id);
    }
    return out;
}

std::size_t Model::bytes() const {
    std::size_t out = 0;
    for (const Record& record : records_) {
        out += record.txn->encoded_bytes;
    }
    return out;
}

std::optional<Nonce> Model::next_nonce(const Address& sender) const {
    if (records_of(sender).empty()) {
        return std::nullopt;
    }
    Nonce next = account_of(sender).nonce;
    while (find(sender, next) != nullptr) {
        ++next.value;
    }
    return next;
}

void Model::check_invariants() const {
    EXPECT_FALSE(overfull(records_));
    std::map<Address, u128> cost;
    std::set<std::pair<Address, Nonce>> places;
    for (const Record& record : records_) {
        const CheckedTxn& txn = *record.txn;
        cost[txn.sender] += cost_of(txn);
        EXPECT_TRUE(places.insert({txn.sender, nonce_of(txn)}).second) << "a nonce twice";
        EXPECT_GE(nonce_of(txn), account_of(txn.sender).nonce);
        EXPECT_GT(txn.txn.body.valid_until, height_);
    }
    for (const auto& [sender, total] : cost) {
        EXPECT_TRUE(total <= account_of(sender).balance.value) << "a sender's sum is not covered";
        EXPECT_LE(records_of(sender).size(), limits_.sender_count_max);
    }
}

}  // namespace polis::ledger::test
