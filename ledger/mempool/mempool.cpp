#include <ledger/mempool/mempool.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

#include <core/check.hpp>
#include <core/integer.hpp>
#include <ledger/gas.hpp>

namespace polis::ledger {

using mempool::Entry;
using mempool::Sender;
using mempool::Worth;

namespace {

StoreResult<Verdict> refused(MempoolError error) { return Verdict(std::unexpected(error)); }

/// The lowest price that replaces `old`, or nothing if none does.
std::optional<GasPrice> replacement_price(GasPrice old, std::uint64_t rise_percent) {
    const auto rise = mul_div_ceil(old.value, rise_percent, 100);
    const auto price = rise ? checked_add(old.value, std::max<std::uint64_t>(*rise, 1)) : rise;
    return price ? std::optional{GasPrice{*price}} : std::nullopt;
}

/// By address, each once.
void sort_unique(std::vector<Sender*>& senders) {
    std::ranges::sort(senders, {}, &Sender::address);
    const auto repeated = std::ranges::unique(senders);
    senders.erase(repeated.begin(), repeated.end());
}

}  // namespace

/// A transaction at the door, and where it would stand.
struct Mempool::Newcomer {
    TxnPtr txn;
    Account account;
    std::optional<Amount> cost;  ///< nothing: more coins than there are
    Sender* sender;              ///< null if this is the first of its sender
    std::size_t position;
    Entry* replaced;
    Worth worth;

    Newcomer(TxnPtr coming, const Account& of, Sender* known)
        : txn(std::move(coming)),
          account(of),
          cost(checked_add(txn->fee_max, amount_moved(txn->txn.body.payload))),
          sender(known) {
        Sender alone;
        alone.account = account;
        const Sender& list = sender != nullptr ? *sender : alone;
        position = list.position_of(txn->txn.body.nonce);
        replaced = list.find(txn->txn.body.nonce);
        worth = list.worth_at(position, txn->txn.body);
    }
};

Mempool::Mempool(const MempoolLimits& limits, Height height) : limits_(limits), height_(height) {}

StoreResult<Verdict> Mempool::add(TxnPtr txn, AccountSource& accounts) {
    const auto known = senders_.find(txn->sender);
    Sender* const sender = known != senders_.end() ? &known->second : nullptr;
    if (const auto error = check_without_account(*txn, sender)) {
        return refused(*error);
    }
    Account account;
    if (sender != nullptr) {
        account = sender->account;
    } else {
        POLIS_TRY(account, accounts.load(txn->sender));
    }
    Newcomer newcomer(std::move(txn), account, sender);
    if (const auto error = check_with_account(newcomer)) {
        return refused(*error);
    }
    const auto victims = find_victims(newcomer);
    if (!victims) {
        return refused(MempoolError::kPoolFull);
    }
    return insert(std::move(newcomer), *victims);
}

bool Mempool::needs_room(const CheckedTxn& txn, const Entry* replaced) const {
    const std::size_t bytes_freed = replaced != nullptr ? replaced->txn->encoded_bytes : 0;
    const std::size_t count_freed = replaced != nullptr ? 1 : 0;
    return bytes_ - bytes_freed + txn.encoded_bytes > limits_.bytes_max ||
           entries_.size() - count_freed + 1 > limits_.count_max;
}

std::optional<MempoolError> Mempool::check_without_account(
    const CheckedTxn& txn, const Sender* sender) const {
    if (contains(txn.id)) {
        return MempoolError::kAlreadyKnown;
    }
    if (txn.encoded_bytes > limits_.txn_bytes_max || txn.encoded_bytes > limits_.bytes_max) {
        return MempoolError::kTooLarge;
    }
    const TxnBody& body = txn.txn.body;
    if (body.valid_until <= height_) {
        return MempoolError::kExpired;
    }
    // A flood of cheap transactions into a full pool ends here, before the state is read.
    const Entry* replaced = sender != nullptr ? sender->find(body.nonce) : nullptr;
    const Worth worth_max{Standing::kPending, body.gas_price};
    if (needs_room(txn, replaced) && (tails_.empty() || (*tails_.begin())->worth >= worth_max)) {
        return MempoolError::kPoolFull;
    }
    return std::nullopt;
}

std::optional<MempoolError> Mempool::check_with_account(const Newcomer& newcomer) const {
    const TxnBody& body = newcomer.txn->txn.body;
    if (newcomer.account == Account{}) {
        return MempoolError::kUnknownAccount;
    }
    if (body.nonce < newcomer.account.nonce) {
        return MempoolError::kStaleNonce;
    }
    const Sender* sender = newcomer.sender;
    const Nonce next = sender != nullptr ? sender->next_nonce() : newcomer.account.nonce;
    if (body.nonce > next && body.nonce.value - next.value > limits_.nonce_gap_max) {
        return MempoolError::kNonceTooFar;
    }
    const Entry* replaced = newcomer.replaced;
    if (replaced != nullptr) {
        const auto price_min = replacement_price(replaced->price, limits_.replacement_rise_percent);
        if (!price_min || body.gas_price < *price_min) {
            return MempoolError::kReplacementTooCheap;
        }
    } else if ((sender != nullptr ? sender->txns.size() : 0) >= limits_.sender_count_max) {
        return MempoolError::kSenderFull;
    }
    const Amount others{
        (sender != nullptr ? sender->cost_total.value : 0) -
        (replaced != nullptr ? replaced->cost.value : 0)};
    const auto total = newcomer.cost ? checked_add(others, *newcomer.cost) : std::nullopt;
    if (!total || *total > newcomer.account.balance) {
        return MempoolError::kInsufficientBalance;
    }
    return std::nullopt;
}

/// The transactions that leave so that the newcomer fits, in the order in which they do; nothing
/// if what would have to leave is worth as much. The newcomer's own sender gives up nothing.
std::optional<Mempool::Victims> Mempool::find_victims(const Newcomer& newcomer) const {
    const bool replaces = newcomer.replaced != nullptr;
    std::size_t count = entries_.size() + (replaces ? 0 : 1);
    std::size_t bytes = bytes_ + newcomer.txn->encoded_bytes -
                        (replaces ? newcomer.replaced->txn->encoded_bytes : 0);
    Victims victims;
    auto tail = tails_.begin();
    mempool::Tails uncovered;  // new tails of senders that lost theirs
    while (count > limits_.count_max || bytes > limits_.bytes_max) {
        const bool from_tails =
            tail != tails_.end() &&
            (uncovered.empty() || mempool::EvictFirst{}(*tail, *uncovered.begin()));
        if (!from_tails && uncovered.empty()) {
            return std::nullopt;
        }
        Entry* victim = from_tails ? *tail++ : uncovered.extract(uncovered.begin()).value();
        if (victim->worth >= newcomer.worth) {
            return std::nullopt;
        }
        if (victim->sender == newcomer.sender) {
            continue;
        }
        victims.push_back(victim);
        --count;
        bytes -= victim->txn->encoded_bytes;
        if (victim->index > 0) {
            uncovered.insert(victim->sender->txns[victim->index - 1]);
        }
    }
    return victims;
}

Admission Mempool::insert(Newcomer newcomer, const Victims& victims) {
    Admission out{.standing = newcomer.worth.standing, .replaced = {}, .evicted = {}};
    for (Entry* victim : victims) {
        out.evicted.push_back(victim->txn->id);
        Sender& loser = *victim->sender;
        unlink(loser, victim->index);
        loser.txns.pop_back();
        forget(*victim);
        relink(loser, loser.txns.size());
    }
    Sender& sender = newcomer.sender != nullptr
                         ? *newcomer.sender
                         : senders_.try_emplace(newcomer.txn->sender).first->second;
    sender.address = newcomer.txn->sender;
    sender.account = newcomer.account;
    unlink(sender, newcomer.position);
    const auto place = sender.txns.begin() + static_cast<std::ptrdiff_t>(newcomer.position);
    auto after = place;
    if (newcomer.replaced != nullptr) {
        out.replaced = newcomer.replaced->txn->id;
        forget(*newcomer.replaced);
        after = sender.txns.erase(place);
    }
    const Hash id = newcomer.txn->id;
    auto owned = std::make_unique<Entry>();
    Entry& entry = *owned;
    POLIS_ASSERT(entries_.insert(id, std::move(owned)));
    entry.txn = std::move(newcomer.txn);
    entry.price = entry.txn->txn.body.gas_price;
    entry.valid_until = entry.txn->txn.body.valid_until;
    entry.sequence = sequence_next_++;
    entry.cost = *newcomer.cost;
    entry.sender = &sender;
    sender.txns.insert(after, &entry);
    sender.cost_total.value += entry.cost.value;  // at most the balance: check_with_account
    bytes_ += entry.txn->encoded_bytes;
    entry.expiry = expiry_.insert(expiry_.end(), &entry);  // most expire in their order
    relink(sender, newcomer.position);
    return out;
}

StoreResult<std::vector<Removal>> Mempool::on_block(
    const BlockSummary& block, AccountSource& accounts) {
    std::vector<Entry*> included;
    for (const Hash& id : block.included) {
        if (Entry* entry = find(id)) {
            included.push_back(entry);
        }
    }
    std::vector<Sender*> affected = touched_senders(block, included);
    // All is read before anything changes, so that a failure leaves the pool as it was.
    std::vector<Account> fresh;
    fresh.reserve(affected.size());
    for (const Sender* sender : affected) {
        POLIS_TRY(const Account account, accounts.load(sender->address));
        fresh.push_back(account);
    }
    for (std::size_t i = 0; i < affected.size(); ++i) {
        affected[i]->account = fresh[i];
    }
    height_ = block.height;
    doom_expired(affected);
    for (Entry* entry : included) {
        entry->doomed = RemovalReason::kIncluded;
    }
    std::vector<Removal> removals;
    for (Sender* sender : affected) {
        sweep(*sender, removals);
    }
    return removals;
}

mempool::Entry* Mempool::find(const Hash& id) {
    const auto* const entry = entries_.find(id);
    return entry != nullptr ? entry->get() : nullptr;
}

/// Our senders whose account the block changed, by address.
std::vector<mempool::Sender*> Mempool::touched_senders(
    const BlockSummary& block, const std::vector<Entry*>& included) {
    std::vector<Sender*> out;
    for (const Address& address : block.touched) {
        if (const auto sender = senders_.find(address); sender != senders_.end()) {
            out.push_back(&sender->second);
        }
    }
    for (const Entry* entry : included) {
        out.push_back(entry->sender);
    }
    sort_unique(out);
    return out;
}

/// Marks what the new height lets expire and adds its senders to `affected`.
void Mempool::doom_expired(std::vector<Sender*>& affected) {
    const std::size_t count_before = affected.size();
    for (Entry* entry : expiry_) {
        if (entry->valid_until > height_) {
            break;
        }
        entry->doomed = RemovalReason::kExpired;
        affected.push_back(entry->sender);
    }
    if (affected.size() > count_before) {
        sort_unique(affected);
    }
}

/// Drops what is doomed, stale or no longer covered by the balance, and restates the rest.
void Mempool::sweep(Sender& sender, std::vector<Removal>& removals) {
    unlink(sender, 0);
    std::vector<Entry*> left;
    left.reserve(sender.txns.size());
    Amount covered;
    bool broke = false;
    for (Entry* entry : std::exchange(sender.txns, {})) {
        auto reason = entry->doomed;
        if (!reason && entry->nonce() < sender.account.nonce) {
            reason = RemovalReason::kStaleNonce;
        }
        if (!reason) {
            const auto total = checked_add(covered, entry->cost);
            broke = broke || !total || *total > sender.account.balance;
            if (!broke) {
                covered = *total;
                left.push_back(entry);
                continue;
            }
            reason = RemovalReason::kUnaffordable;
        }
        removals.push_back({entry->txn->id, *reason});
        forget(*entry);
    }
    sender.txns = std::move(left);
    relink(sender, 0);
}

std::vector<TxnPtr> Mempool::select(const BlockSpace& space, const std::set<Hash>& taken) const {
    std::vector<TxnPtr> out;
    BlockSpace left = space;
    auto head = heads_.begin();
    mempool::Heads successors;  // of what was picked
    while (left.count_max > 0 && left.gas_max >= kGasTxnBase) {
        const bool from_heads =
            head != heads_.end() &&
            (successors.empty() || mempool::PickFirst{}(*head, *successors.begin()));
        if (!from_heads && successors.empty()) {
            break;
        }
        const Entry* entry = from_heads ? *head++ : successors.extract(successors.begin()).value();
        const CheckedTxn& txn = *entry->txn;
        const Gas gas = txn.txn.body.gas_limit;
        if (!taken.contains(txn.id)) {
            if (gas > left.gas_max || txn.encoded_bytes > left.bytes_max ||
                entry->valid_until < space.height) {
                continue;
            }
            left.gas_max.value -= gas.value;
            left.bytes_max -= txn.encoded_bytes;
            --left.count_max;
            out.push_back(entry->txn);
        }
        if (entry->index + 1 < entry->sender->pending_count) {
            successors.insert(entry->sender->txns[entry->index + 1]);
        }
    }
    return out;
}

TxnPtr Mempool::get(const Hash& id) const {
    const auto* const entry = entries_.find(id);
    return entry != nullptr ? (*entry)->txn : nullptr;
}

std::optional<Nonce> Mempool::next_nonce(const Address& sender) const {
    const auto known = senders_.find(sender);
    return known != senders_.end() ? std::optional{known->second.next_nonce()} : std::nullopt;
}

std::vector<TxnPtr> Mempool::content() const {
    std::vector<TxnPtr> out;
    out.reserve(entries_.size());
    for (const auto& [address, sender] : senders_) {
        for (const Entry* entry : sender.txns) {
            out.push_back(entry->txn);
        }
    }
    return out;
}

/// Takes the sender's ends out of the orders where a change of its list from `first` on moves them,
/// before anything that they compare changes.
void Mempool::unlink(Sender& sender, std::size_t first) {
    if (sender.head && first == 0) {
        heads_.erase(*std::exchange(sender.head, {}));
    }
    if (sender.tail) {
        tails_.erase(*std::exchange(sender.tail, {}));
    }
}

/// Puts the sender's ends back after its list changed from `first` on; an empty one goes.
void Mempool::relink(Sender& sender, std::size_t first) {
    if (sender.txns.empty()) {
        senders_.erase(Address{sender.address});
        return;
    }
    sender.restate(first);
    if (sender.pending_count > 0 && !sender.head) {
        sender.head = heads_.insert(sender.txns.front()).first;
    }
    sender.tail = tails_.insert(sender.txns.back()).first;
}

/// Destroys an entry that its sender's list and the orders of ends no longer hold.
void Mempool::forget(Entry& entry) {
    entry.sender->cost_total.value -= entry.cost.value;
    bytes_ -= entry.txn->encoded_bytes;
    expiry_.erase(entry.expiry);
    const Hash id = entry.txn->id;
    POLIS_ASSERT(entries_.erase(id));
}

}  // namespace polis::ledger
