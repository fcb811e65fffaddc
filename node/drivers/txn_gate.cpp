#include <node/drivers/txn_gate.hpp>

#include <algorithm>
#include <memory>

#include <node/runtime/clock.hpp>
#include <node/validator/wire.hpp>

namespace polis::node {

namespace {

/// Clients' transactions that one job takes: large enough to make hand-overs cheap, small enough to
/// keep all threads busy.
constexpr std::size_t kClientBatchMax = 64;

}  // namespace

TxnGate::TxnGate(const ledger::TxnRules& rules, JobPool& pool, Sink& sink, StageTimes& times)
    : rules_(rules), pool_(pool), sink_(sink), times_(times) {}

// ---- peers --------------------------------------------------------------------------------------

bool TxnGate::take_batch(PeerId peer, Bytes message, InFlight held) {
    std::uint64_t slot = 0;
    {
        const MutexLock lock(mutex_);
        slot = reserve(peer);
    }
    // A job is copyable, what is held is not.
    const auto batch = std::make_shared<Batch>();
    batch->message = std::move(message);
    batch->held = std::move(held);
    batch->received_us = Clock::steady_us();
    const bool taken =
        pool_.submit([this, peer, slot, batch] { work_on_batch(peer, slot, *batch); });
    if (!taken) {
        dropped_count_.fetch_add(1);
        fill(peer, slot, {});
    }
    return taken;
}

void TxnGate::work_on_batch(PeerId peer, std::uint64_t slot, Batch& batch) {
    Lap lap{.now_us = Clock::steady_us()};
    const auto envelope = decode_wire(batch.message);
    const auto* const txns = envelope ? std::get_if<TxnBatch>(&*envelope) : nullptr;
    if (txns == nullptr) {
        sink_.misbehaved(peer, "not a batch of transactions");
        fill(peer, slot, {});
        return;
    }
    Verified out;
    out.txns.peer = peer;
    out.bytes = batch.message.size();
    for (const Bytes& encoded : txns->txns) {
        auto txn = verify(encoded, batch.received_us, lap);
        if (!txn) {
            sink_.misbehaved(
                peer,
                "passed on an invalid transaction: " + std::string(ledger::to_string(txn.error())));
            break;
        }
        out.txns.txns.push_back(*std::move(txn));
    }
    out.held = std::move(batch.held);
    out.at_us = lap.verified_us_mean(out.txns.txns.size());
    fill(peer, slot, std::move(out));
}

// ---- clients ------------------------------------------------------------------------------------

void TxnGate::submit(Bytes encoded, TxnReply reply) {
    const std::uint64_t received_us = Clock::steady_us();
    bool room = false;
    {
        const MutexLock lock(mutex_);
        room = !closed_ && clients_.size() < kClientTxnsMax;
        if (room) {
            const std::uint64_t ticket = next_ticket_++;
            replies_.emplace(ticket, reply);
            clients_.push_back({ticket, std::move(encoded), received_us});
        }
    }
    if (!room) {
        dropped_count_.fetch_add(1);
        reply(Hash{}, GateBusy{});
        return;
    }
    schedule_clients();
}

/// Enough jobs for all threads, and not more: each takes as much as there is.
void TxnGate::schedule_clients() {
    {
        const MutexLock lock(mutex_);
        const std::size_t wanted = (clients_.size() + kClientBatchMax - 1) / kClientBatchMax;
        if (client_jobs_ >= std::min(wanted, pool_.thread_count())) {
            return;
        }
        ++client_jobs_;
    }
    if (!pool_.submit([this] { work_on_clients(); })) {
        std::deque<Waiting> refused;
        {
            const MutexLock lock(mutex_);
            --client_jobs_;
            if (client_jobs_ == 0) {
                refused.swap(clients_);  // nobody else would take them
            }
        }
        for (const Waiting& waiting : refused) {
            dropped_count_.fetch_add(1);
            take_reply(waiting.ticket)(ledger::txn_id(waiting.encoded), GateBusy{});
        }
    }
}

void TxnGate::work_on_clients() {
    for (;;) {
        std::vector<Waiting> batch;
        std::uint64_t slot = 0;
        {
            const MutexLock lock(mutex_);
            if (clients_.empty()) {
                --client_jobs_;
                return;
            }
            const std::size_t count = std::min(clients_.size(), kClientBatchMax);
            for (std::size_t i = 0; i < count; ++i) {
                batch.push_back(std::move(clients_.front()));
                clients_.pop_front();
            }
            slot = reserve(std::nullopt);
        }
        Verified out;
        Lap lap{.now_us = Clock::steady_us()};
        for (const Waiting& waiting : batch) {
            auto txn = verify(waiting.encoded, waiting.received_us, lap);
            if (!txn) {
                take_reply(waiting.ticket)(ledger::txn_id(waiting.encoded), txn.error());
                continue;
            }
            out.txns.txns.push_back(*std::move(txn));
            out.txns.tickets.push_back(waiting.ticket);
            out.bytes += waiting.encoded.size();
        }
        out.at_us = lap.verified_us_mean(out.txns.txns.size());
        fill(std::nullopt, slot, std::move(out));
    }
}

void TxnGate::answer(const TxnVerdict& verdict) {
    const TxnReply reply = take_reply(verdict.ticket);
    std::visit([&](const auto& outcome) { reply(verdict.id, outcome); }, verdict.outcome);
}

TxnReply TxnGate::take_reply(std::uint64_t ticket) {
    const MutexLock lock(mutex_);
    const auto found = replies_.find(ticket);
    if (found == replies_.end()) {
        return [](const Hash&, const auto&) {};  // close() has answered
    }
    TxnReply reply = std::move(found->second);
    replies_.erase(found);
    return reply;
}

void TxnGate::close() {
    std::map<std::uint64_t, TxnReply> replies;
    std::map<Source, Line> lines;  // what they hold gives back to its connections
    {
        const MutexLock lock(mutex_);
        closed_ = true;
        replies.swap(replies_);
        lines.swap(lines_);
        clients_.clear();
    }
    for (const auto& [ticket, reply] : replies) {
        reply(Hash{}, GateBusy{});
    }
}

// ---- order --------------------------------------------------------------------------------------

std::uint64_t TxnGate::reserve(const Source& source) {
    Line& line = lines_[source];
    line.slots.emplace_back();
    return line.first + line.slots.size() - 1;
}

/// Fills a slot and hands on all that are ready at the front, unless another thread is at it.
void TxnGate::fill(const Source& source, std::uint64_t slot, Verified result) {
    {
        const MutexLock lock(mutex_);
        Line& line = lines_.at(source);
        Slot& place = line.slots[static_cast<std::size_t>(slot - line.first)];
        place.done = true;
        place.result = std::move(result);
        if (std::exchange(line.delivering, true)) {
            return;
        }
    }
    for (;;) {
        Verified next;
        {
            const MutexLock lock(mutex_);
            Line& line = lines_.at(source);
            if (line.slots.empty() || !line.slots.front().done) {
                line.delivering = false;
                if (line.slots.empty()) {
                    lines_.erase(source);
                }
                return;
            }
            next = std::move(line.slots.front().result);
            line.slots.pop_front();
            ++line.first;
        }
        deliver(std::move(next));
    }
}

void TxnGate::deliver(Verified result) {
    if (result.txns.txns.empty()) {
        return;
    }
    const std::vector<std::uint64_t> tickets = result.txns.tickets;
    std::vector<Hash> ids;
    if (!result.txns.peer) {
        std::ranges::transform(
            result.txns.txns, std::back_inserter(ids), [](const auto& txn) { return txn->id; });
    }
    const std::size_t count = result.txns.txns.size();
    if (sink_.verified(
            std::move(result.txns), result.bytes, std::move(result.held), result.at_us)) {
        return;
    }
    dropped_count_.fetch_add(count);
    for (std::size_t i = 0; i < tickets.size(); ++i) {
        take_reply(tickets[i])(ids[i], GateBusy{});
    }
}

// ---- signatures ---------------------------------------------------------------------------------

/// A copy of what was verified before is on no way, so its time counts for no stage.
Result<ledger::TxnPtr, ledger::TxnError> TxnGate::verify(
    ByteView encoded, std::uint64_t received_us, Lap& lap) {
    POLIS_TRY(ledger::CheckedTxn checked, ledger::check(encoded, rules_));
    const bool repeated = known(checked.id);
    if (repeated) {
        repeated_count_.fetch_add(1, std::memory_order_relaxed);
    } else {
        verified_count_.fetch_add(1);
        if (!ledger::signature_valid(checked.txn)) {
            return std::unexpected(ledger::TxnError::kBadSignature);
        }
        remember(checked.id);
    }
    const std::uint64_t began_us = std::exchange(lap.now_us, Clock::steady_us());
    lap.verified_us_sum += lap.now_us;
    if (!repeated) {
        times_.add(Stage::kWait, began_us - std::min(received_us, began_us));
        times_.add(Stage::kVerify, lap.now_us - began_us);
    }
    return std::make_shared<const ledger::CheckedTxn>(std::move(checked));
}

bool TxnGate::known(const Hash& id) {
    const MutexLock lock(ids_mutex_);
    return ids_.contains(id);
}

void TxnGate::remember(const Hash& id) {
    const MutexLock lock(ids_mutex_);
    if (!ids_.insert(id)) {
        return;
    }
    ids_by_age_.push_back(id);
    if (ids_by_age_.size() > kVerifiedIdsMax) {
        ids_.erase(ids_by_age_.front());
        ids_by_age_.pop_front();
    }
}

}  // namespace polis::node
