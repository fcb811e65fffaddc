#include <node/rpc/waiters.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <node/rpc/backend.hpp>
#include <node/rpc/describe.hpp>

namespace polis::node::rpc {

namespace {

std::string height_text(Height height) {
    JsonWriter out;
    out.begin_object().number("height", height.value).end_object();
    return out.take();
}

/// What a final block says of one of its transactions; nothing if it was skipped.
std::optional<Outcome> status_in_block(
    const ledger::ChainReader& chain,
    const ledger::rows::TxnPlace& place,
    const Hash& id,
    const std::vector<ledger::Receipt>& receipts) {
    if (place.index < receipts.size()) {
        const ledger::Receipt& receipt = receipts[place.index];
        if (is_skipped(receipt.status)) {
            return std::nullopt;
        }
        return finalized_status(id, place, receipt);
    }
    const auto stored = chain.txn(id);
    if (!stored) {
        return std::unexpected(rpc_error(stored.error()));
    }
    if (!*stored) {
        return std::nullopt;
    }
    return finalized_status(id, (*stored)->place, (*stored)->receipt);
}

}  // namespace

bool Waiters::room(const Respond& respond) const {
    if (count() < limits_.waiters_max) {
        return true;
    }
    respond(std::unexpected(rpc_error(ErrorName::kTooManyWaiters)));
    return false;
}

void Waiters::wait_txn(const Hash& id, Level level, std::uint64_t timeout_ms, Respond respond) {
    if (!room(respond)) {
        return;
    }
    // Registered before the chain is asked: what becomes final in between is seen by one of both.
    const std::uint64_t deadline = loop_.now_ms() + timeout_ms;
    txns_.emplace(id, TxnWaiter{++tickets_, level, deadline, std::move(respond)});
    txn_count_ = txns_.size();
    deadlines_.emplace(deadline, tickets_);
    look(id);
    if (level == Level::kPending) {
        ask_pool(id);
    }
}

void Waiters::look(const Hash& id) {
    const bool taken = loop_.work([this, id] {
        auto stored = backend_.chain().txn(id);
        if (stored && !*stored) {
            return;
        }
        Outcome outcome = stored
                              ? Outcome(finalized_status(id, (*stored)->place, (*stored)->receipt))
                              : Outcome(std::unexpected(rpc_error(stored.error())));
        loop_.post(
            [this, id, outcome = std::move(outcome)] { resolve(id, Level::kFinalized, outcome); });
    });
    if (!taken) {
        resolve(id, Level::kFinalized, std::unexpected(rpc_error(ErrorName::kBusy)));
    }
}

void Waiters::ask_pool(const Hash& id) {
    Loop& loop = loop_;
    backend_.pending_txn(id, [this, &loop, id](Answer<std::optional<Bytes>> answer) {
        if (answer && *answer) {
            loop.post([this, id] { resolve(id, Level::kPending, open_status(id, "pending")); });
        }
    });
}

void Waiters::wait_height(Height height, std::uint64_t timeout_ms, Respond respond) {
    if (!room(respond)) {
        return;
    }
    const std::uint64_t deadline = loop_.now_ms() + timeout_ms;
    heights_.emplace(height, HeightWaiter{++tickets_, deadline, std::move(respond)});
    deadlines_.emplace(deadline, tickets_);
    if (const auto head = backend_.chain().head()) {
        reach(head->height);
    }
}

void Waiters::resolve(const Hash& id, Level reached, const Outcome& outcome) {
    auto [waiter, end] = txns_.equal_range(id);
    while (waiter != end) {
        if (reached == Level::kPending && waiter->second.level != Level::kPending) {
            ++waiter;
            continue;
        }
        deadlines_.erase({waiter->second.deadline, waiter->second.ticket});
        const Respond respond = std::move(waiter->second.respond);
        waiter = txns_.erase(waiter);
        txn_count_ = txns_.size();
        respond(outcome);
    }
}

void Waiters::reach(Height height) {
    while (!heights_.empty() && heights_.begin()->first <= height) {
        const HeightWaiter waiter = std::move(heights_.begin()->second);
        heights_.erase(heights_.begin());
        deadlines_.erase({waiter.deadline, waiter.ticket});
        waiter.respond(height_text(height));
    }
}

void Waiters::on_block(const BlockFinalized& block) {
    reach(block.head.height);

    struct Wanted {
        Hash id;
        ledger::rows::TxnPlace place;
    };

    std::vector<Wanted> wanted;
    for (std::uint32_t i = 0; i < block.txns.size() && !txns_.empty(); ++i) {
        if (txns_.contains(block.txns[i])) {
            wanted.push_back({block.txns[i], {block.head.height, i}});
        }
    }
    if (wanted.empty()) {
        return;
    }
    // One reading of the receipts for all who wait for this block.
    const bool taken = loop_.work([this, wanted, height = block.head.height] {
        const ledger::ChainReader& chain = backend_.chain();
        const auto receipts = chain.receipts(height);
        for (const auto& [id, place] : wanted) {
            auto outcome = status_in_block(
                chain,
                place,
                id,
                receipts && *receipts ? **receipts : std::vector<ledger::Receipt>());
            if (outcome) {
                loop_.post([this, id, outcome = *std::move(outcome)] {
                    resolve(id, Level::kFinalized, outcome);
                });
            }
        }
    });
    if (!taken) {
        for (const auto& [id, place] : wanted) {
            resolve(id, Level::kFinalized, std::unexpected(rpc_error(ErrorName::kBusy)));
        }
    }
}

void Waiters::on_pending(const Hash& id) {
    if (txns_.contains(id)) {
        resolve(id, Level::kPending, open_status(id, "pending"));
    }
}

void Waiters::look_again() {
    std::vector<Hash> ids;
    for (const auto& [id, waiter] : txns_) {
        if (ids.empty() || ids.back() != id) {
            ids.push_back(id);
        }
    }
    for (const Hash& id : ids) {
        look(id);
    }
    if (const auto head = backend_.chain().head()) {
        reach(head->height);
    }
}

void Waiters::tick() {
    const std::uint64_t now = loop_.now_ms();
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto [deadline, ticket] = *deadlines_.begin();
        deadlines_.erase(deadlines_.begin());
        expire(deadline, ticket);
    }
}

void Waiters::expire(std::uint64_t /*deadline*/, Ticket ticket) {
    const auto is_it = [ticket](const auto& entry) { return entry.second.ticket == ticket; };
    Respond respond;
    if (const auto txn = std::ranges::find_if(txns_, is_it); txn != txns_.end()) {
        respond = std::move(txn->second.respond);
        txns_.erase(txn);
        txn_count_ = txns_.size();
    } else if (const auto height = std::ranges::find_if(heights_, is_it);
               height != heights_.end()) {
        respond = std::move(height->second.respond);
        heights_.erase(height);
    }
    if (respond) {
        respond(std::unexpected(rpc_error(ErrorName::kTimeout)));
    }
}

}  // namespace polis::node::rpc
