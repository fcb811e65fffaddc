#include <node/validator/validator.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/integer.hpp>
#include <ledger/modules/terms.hpp>
#include <node/validator/impl.hpp>

namespace polis::node {

namespace {

/// What an observer's replica holds instead of a key of its own. Anybody knows it, so it must sign
/// nothing even if somebody registers it: see safety_of().
crypto::SigningKey observer_key() {
    return crypto::SigningKey(
        crypto::Seed(crypto::blake2b_256(crypto::kDomainDevKey, as_bytes("observer")).view()));
}

/// An observer's belongs to another chain, so it refuses every committee of this one.
pbft::Safety safety_of(
    std::optional<Identity>& identity, ChainId chain, pbft::SafetyRecord record, Height head) {
    return identity
               ? pbft::Safety(std::move(identity->consensus_key), chain, std::move(record), head)
               : pbft::Safety(observer_key(), ChainId{~chain.value}, std::move(record), head);
}

}  // namespace

// ---- the public face ----------------------------------------------------------------------------

Validator::Validator(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Validator::~Validator() = default;

ledger::StoreResult<std::unique_ptr<Validator>> Validator::open(Setup setup) {
    POLIS_TRY(Impl::Memory memory, Impl::load(*setup.chain));
    auto impl = std::make_unique<Impl>(std::move(setup), std::move(memory));
    return std::unique_ptr<Validator>(new Validator(std::move(impl)));
}

ValidatorOutputs Validator::start(TimeMs now) { return impl_->start(now); }

ValidatorOutputs Validator::step(const ValidatorInput& input, TimeMs now) {
    return impl_->step(input, now);
}

std::optional<TimeMs> Validator::next_timer() const { return impl_->next_timer(); }

ledger::Chain& Validator::chain() { return impl_->chain(); }

const pbft::Replica& Validator::replica() const { return impl_->replica(); }

std::size_t Validator::mempool_size() const { return impl_->mempool().count(); }

const ledger::Mempool& Validator::mempool() const { return impl_->mempool(); }

ledger::StoreResult<Height> Validator::take_snapshot() { return impl_->take_snapshot(); }

ValidatorView Validator::view() const { return impl_->view(); }

std::size_t Validator::memory_bytes() const { return impl_->memory_bytes(); }

// ---- opening ------------------------------------------------------------------------------------

ledger::StoreResult<Validator::Impl::Memory> Validator::Impl::load(ledger::Chain& chain) {
    Memory out;
    POLIS_TRY(const auto row, chain.vote_record());
    if (row) {
        auto record = codec::decode<pbft::SafetyRecord>(*row);
        if (!record) {
            return std::unexpected(ledger::StoreError{
                ledger::StoreErrc::kCorrupt,
                "the vote record: " + std::string(codec::to_string(record.error()))});
        }
        out.record = *std::move(record);
    }
    POLIS_TRY(out.schedule, chain.schedule());
    POLIS_TRY(out.head_certificate, chain.certificate(chain.head().height));
    POLIS_TRY(const auto terms, ledger::terms::load_terms(chain.state()));
    out.previous = ledger::terms::previous_committee(chain.params(), terms);
    return out;
}

Validator::Impl::Impl(Setup setup, Memory memory)
    : self_(
          setup.identity ? std::optional{setup.identity->consensus_key.public_key()}
                         : std::nullopt),
      options_(setup.options),
      checker_(*setup.checker),
      keeper_(std::move(setup.chain)),
      pool_(chain().rules(), options_.mempool, keeper_.head().height, checker_),
      facts_(
          self_.value_or(observer_key().public_key()),
          memory.schedule.current,
          std::move(memory.previous),
          {}),
      voter_(keeper_, pool_, checker_, *setup.workers),
      proposer_({keeper_, pool_, facts_, voter_}, options_.block_txns_max),
      replica_(pbft::Replica::Setup{
          .safety = safety_of(
              setup.identity,
              chain().params().chain_id,
              std::move(memory.record),
              keeper_.head().height),
          .schedule = std::move(memory.schedule),
          .head_certificate = std::move(memory.head_certificate),
          .timing = options_.timing}),
      block_sync_(keeper_.head().height, {}),
      body_fetch_({}),
      budget_({}),
      gossip_({}),
      relay_({.window_ms = options_.timing.resend_ms / 2}),
      txn_budget_({}) {
    if (setup.identity) {
        author_.emplace(Author{
            std::move(setup.identity->vrf_key),
            setup.identity->address,
            std::move(setup.identity->account_key)});
    }
}

// ---- inputs and the order of work ---------------------------------------------------------------

ValidatorOutputs Validator::Impl::start(TimeMs now) {
    now_ = now;
    head_since_ = now;
    inputs_.emplace_back(pbft::Start{});
    return finish(drive());
}

ValidatorOutputs Validator::Impl::step(const ValidatorInput& input, TimeMs now) {
    if (stopped_) {
        return {};
    }
    now_ = std::max(now_, now);
    Done outcome = std::visit([this](const auto& item) { return on(item); }, input);
    return finish(outcome ? drive() : outcome);
}

ValidatorOutputs Validator::Impl::finish(const Done& outcome) {
    if (!outcome) {
        stop(outcome.error());
    }
    return std::exchange(out_, {});
}

/// What was put out before the failure was durable by then. Nothing comes after it.
void Validator::Impl::stop(const ledger::StoreError& error) {
    stopped_ = true;
    timers_ = {};
    inputs_.clear();
    fetch_effects_.clear();
    sync_effects_.clear();
    out_.emplace_back(StopNode{error});
}

/// The replica first: what the other machines deliver is judged against its schedule.
Validator::Impl::Done Validator::Impl::drive() {
    const auto perform_one = [this](const auto& effect) { return perform(effect); };
    const auto perform_txns = [this](const auto& effect) { perform(effect); };
    for (;;) {
        if (!inputs_.empty()) {
            const pbft::Input input = std::move(inputs_.front());
            inputs_.pop_front();
            for (const pbft::Effect& effect : replica_.step(input, now_)) {
                POLIS_TRY_VOID(std::visit(perform_one, effect));
            }
            if (!held_.empty() && held_.front().sighting.height <= replica_.height()) {
                pass_on_held();
            }
        } else if (!to_attest_.empty()) {
            for (const consensus::Fact& fact : std::exchange(to_attest_, {})) {
                attest(fact);
            }
        } else if (!fetch_effects_.empty()) {
            const sync::BodyFetchEffect effect = std::move(fetch_effects_.front());
            fetch_effects_.pop_front();
            POLIS_TRY_VOID(std::visit(perform_one, effect));
        } else if (!sync_effects_.empty()) {
            const sync::BlockSyncEffect effect = std::move(sync_effects_.front());
            sync_effects_.pop_front();
            POLIS_TRY_VOID(std::visit(perform_one, effect));
        } else if (build_ && timers_.build && build_due() < *timers_.build) {
            POLIS_TRY_VOID(build_when_due());  // something to propose has come
        } else {
            break;
        }
    }
    for (const GossipEffect& effect : gossip_.take_due(now_)) {
        std::visit(perform_txns, effect);
    }
    return {};
}

void Validator::Impl::enqueue(sync::BodyFetchEffects effects) {
    std::ranges::move(effects, std::back_inserter(fetch_effects_));
}

void Validator::Impl::enqueue(sync::BlockSyncEffects effects) {
    std::ranges::move(effects, std::back_inserter(sync_effects_));
}

Validator::Impl::Done Validator::Impl::on(const PeerJoined& input) {
    peers_[input.peer] = {};
    send(input.peer, own_claim());
    gossip_.peer_joined(input.peer, now_);
    relay_.peer_joined(input.peer);
    if (std::vector<Hash> waiting = pool_.dearest(); !waiting.empty()) {
        send(input.peer, TxnAnnounce{std::move(waiting)});
    }
    for (const consensus::FactVote& vote : facts_.own_votes()) {
        send(input.peer, vote);
    }
    enqueue(block_sync_.peer_joined(input.peer, now_));
    for (const auto& [digest, candidate] : candidates_) {
        if (!candidate.early) {
            fetch(candidate.request, /*final=*/false);
        }
    }
    return finalizing_ ? finalize() : Done{};
}

Validator::Impl::Done Validator::Impl::on(const PeerLeft& input) {
    peers_.erase(input.peer);
    std::erase_if(peer_of_, [&input](const auto& hint) { return hint.second == input.peer; });
    budget_.peer_left(input.peer);
    txn_budget_.peer_left(input.peer);
    gossip_.peer_left(input.peer, now_);
    relay_.peer_left(input.peer);
    heal_relay();  // it may have been the only way to somebody
    enqueue(block_sync_.peer_left(input.peer, now_));
    enqueue(body_fetch_.peer_left(input.peer, now_));
    return {};
}

Validator::Impl::Done Validator::Impl::on(const PeerBytes& input) {
    if (!peers_.contains(input.peer)) {
        return {};  // it has left meanwhile
    }
    const auto message = decode_wire(input.bytes);
    if (!message) {
        penalise(input.peer, "not a message");
        return {};
    }
    return std::visit(
        [this, &input](const auto& item) { return receive(input.peer, item); }, *message);
}

Validator::Impl::Done Validator::Impl::on(const FactFound& input) {
    const auto found = facts_.found(input.fact);
    report(found.alarm);
    if (found.sign) {
        attest(input.fact);
    }
    return {};
}

/// An observer signs nothing.
void Validator::Impl::attest(const consensus::Fact& fact) {
    if (const auto vote = replica_.attest(fact)) {
        relay_.said(vote->signature, replica_.height(), now_);
        broadcast(*vote);
        report(facts_.add(*vote).alarm);
    }
}

void Validator::Impl::report(const std::optional<consensus::FactAlarm>& alarm) {
    if (alarm) {
        out_.emplace_back(FactDisputed{*alarm});
    }
}

void Validator::Impl::penalise(PeerId peer, std::string_view reason) {
    out_.emplace_back(Penalise{peer, std::string(reason)});
}

// ---- timers -------------------------------------------------------------------------------------

std::optional<TimeMs> Validator::Impl::next_timer() const {
    if (stopped_) {
        return std::nullopt;
    }
    std::optional<TimeMs> next;
    const auto consider = [&next](std::optional<TimeMs> time) {
        if (time && (!next || *time < *next)) {
            next = time;
        }
    };
    consider(timers_.view);
    consider(timers_.resend);
    consider(timers_.build);
    consider(block_sync_.next_timer());
    consider(body_fetch_.next_timer());
    consider(gossip_.next_timer());
    for (const auto& [digest, candidate] : candidates_) {
        if (candidate.early) {
            consider(due_at(candidate.early->header.time, options_.clock_drift_ms_max));
        }
    }
    return next;
}

Validator::Impl::Done Validator::Impl::on(const Tick& /*input*/) {
    for (const pbft::Timer kind : {pbft::Timer::kView, pbft::Timer::kResend}) {
        if (timer(kind) && *timer(kind) <= now_) {
            timer(kind).reset();
            inputs_.emplace_back(pbft::TimerFired{kind});
            if (kind == pbft::Timer::kResend) {
                repeat_claim();
            }
            if (kind == pbft::Timer::kView || is_stuck()) {
                heal_relay();
            }
        }
    }
    if (timers_.build && *timers_.build <= now_) {
        timers_.build.reset();
        POLIS_TRY_VOID(build_now());
    }
    std::vector<Hash> due;
    for (const auto& [digest, candidate] : candidates_) {
        if (candidate.early) {
            due.push_back(digest);
        }
    }
    for (const Hash& digest : due) {
        Candidate& candidate = candidates_.at(digest);
        answer_when_due(candidate, candidate.early);
    }
    enqueue(body_fetch_.tick(now_));
    enqueue(block_sync_.tick(now_));
    return {};
}

/// No block for longer than it takes to say again what was lost.
bool Validator::Impl::is_stuck() const {
    const std::uint64_t pace =
        std::max(options_.timing.block_interval_ms, options_.empty_block_interval_ms);
    const std::uint64_t normal = saturating_add(pace, options_.timing.resend_ms);
    return now_ >= TimeMs{saturating_add(head_since_.value, normal)};
}

/// Who has nothing to sign says nothing else: without this, a block that nobody heard of could stay
/// with those who cannot build on it.
void Validator::Impl::repeat_claim() {
    if (now_ >= TimeMs{saturating_add(head_since_.value, options_.timing.resend_ms)}) {
        broadcast(own_claim());
    }
}

std::size_t Validator::Impl::memory_bytes() const {
    std::size_t bytes = replica_.memory_bytes() + pool_.memory_bytes() + keeper_.memory_bytes() +
                        evidence_.memory_bytes() + facts_.memory_bytes() +
                        block_sync_.buffered_bytes() + body_fetch_.memory_bytes() +
                        gossip_.memory_bytes() + relay_.memory_bytes();
    bytes += peers_.size() * sizeof(Peer) + shown_.size() * sizeof(Shown);
    for (const auto& [digest, candidate] : candidates_) {
        bytes += sizeof(candidate);
        if (candidate.request.summary) {
            bytes += candidate.request.summary->txns.size() * sizeof(Hash) +
                     candidate.request.summary->facts.size();
        }
    }
    return bytes;
}

}  // namespace polis::node
