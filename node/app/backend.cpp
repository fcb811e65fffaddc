#include <node/app/backend.hpp>

#include <algorithm>

#include <fmt/format.h>

#include <core/codec/borsh.hpp>
#include <node/app/health.hpp>

namespace polis::node {

namespace {

/// When a client that hears "busy" may try again.
constexpr std::uint64_t kRetryMs = 250;

/// Of translated contracts, for each thread of trials.
constexpr std::size_t kTrialProgramBytes = std::size_t{16} << 20;

rpc::Unavailable busy() { return {"the node is busy", kRetryMs}; }

class Upload final : public rpc::BlobUpload {
  public:
    explicit Upload(std::unique_ptr<ledger::BlobStore::Writer> writer)
        : writer_(std::move(writer)) {}

    Result<void, std::string> add(ByteView portion) override {
        auto done = writer_->add(portion);
        return done ? Result<void, std::string>() : std::unexpected(done.error().context);
    }

    Result<Hash, std::string> finish() override {
        auto root = writer_->finish();
        return root ? Result<Hash, std::string>(*root) : std::unexpected(root.error().context);
    }

  private:
    std::unique_ptr<ledger::BlobStore::Writer> writer_;
};

}  // namespace

// ---- what the node is at ------------------------------------------------------------------------

void NodeBackend::emit(const rpc::NodeEvent& event) {
    const std::lock_guard lock(listener_mutex_);
    if (listener_) {
        listener_(event);
    }
}

void NodeBackend::listen(std::function<void(const rpc::NodeEvent&)> listener) {
    const std::lock_guard lock(listener_mutex_);
    listener_ = std::move(listener);
}

std::string NodeBackend::config_text() const { return to_toml(*parts_.config, /*comments=*/false); }

std::vector<std::string> NodeBackend::not_ready() const {
    return reasons_not_ready(
        *snapshot(),
        parts_.config->consensus,
        parts_.info.validator.has_value(),
        parts_.clock->now());
}

std::string NodeBackend::metrics_text() const {
    const rpc::SnapshotPtr snapshot = this->snapshot();
    Measures measures{
        .snapshot = *snapshot,
        .validator = parts_.validator->counters(),
        .p2p = parts_.p2p->counters(),
        .stages = *parts_.stages,
        .crypto_waiting = parts_.crypto->waiting(),
        .signatures_verified = parts_.gate->verified_count(),
        .txns_repeated = parts_.gate->repeated_count(),
        .txns_dropped = parts_.gate->dropped_count(),
        .store_bytes = parts_.store->size_bytes(),
        .now = parts_.clock->now(),
        .started = parts_.info.started,
        .process = process_use(),
        .learning = std::nullopt};
    for (std::size_t i = 0; i < measures.waiting.size(); ++i) {
        measures.waiting[i] = parts_.validator->waiting(static_cast<ValidatorDriver::Lane>(i));
    }
    measures.learning.emplace(LearningMeasures{
        .training = parts_.learner->training().counters(),
        .facts = parts_.learner->facts().counters(),
        .evaluations_waiting = parts_.learner->facts().backlog(),
        .trainer = parts_.learner->trainer().status});
    return node::metrics_text(measures);
}

// ---- transactions -------------------------------------------------------------------------------

void NodeBackend::submit(Bytes txn, rpc::Reply<rpc::Answer<rpc::TxnAnswer>> reply) {
    parts_.gate->submit(
        std::move(txn), [reply = std::move(reply)](const Hash& id, const auto& outcome) {
            if (std::holds_alternative<GateBusy>(outcome)) {
                reply(std::unexpected(busy()));
            } else if (const auto* taken = std::get_if<ledger::Admission>(&outcome)) {
                reply(rpc::TxnAnswer{id, *taken});
            } else if (const auto* pool = std::get_if<ledger::MempoolError>(&outcome)) {
                reply(rpc::TxnAnswer{id, rpc::TxnAnswer::Refused{*pool}});
            } else {
                reply(rpc::TxnAnswer{
                    id, rpc::TxnAnswer::Refused{std::get<ledger::TxnError>(outcome)}});
            }
        });
}

/// Asks on the consensus thread; `work` gets the validator.
template <class T, class Work>
void NodeBackend::ask(rpc::Reply<rpc::Answer<T>> reply, Work work) {
    parts_.validator->ask([reply = std::move(reply), work = std::move(work)](Validator* validator) {
        if (validator == nullptr) {
            reply(std::unexpected(busy()));
        } else {
            reply(work(*validator));
        }
    });
}

void NodeBackend::pending_txn(const Hash& id, rpc::Reply<rpc::Answer<std::optional<Bytes>>> reply) {
    ask<std::optional<Bytes>>(std::move(reply), [id](Validator& validator) {
        const ledger::TxnPtr txn = validator.mempool().get(id);
        return txn ? std::optional{codec::encode(txn->txn)} : std::nullopt;
    });
}

void NodeBackend::next_nonce(
    const Address& sender, rpc::Reply<rpc::Answer<std::optional<Nonce>>> reply) {
    ask<std::optional<Nonce>>(std::move(reply), [sender](Validator& validator) {
        return validator.mempool().next_nonce(sender);
    });
}

void NodeBackend::mempool(
    std::size_t count_max, rpc::Reply<rpc::Answer<std::vector<rpc::MempoolRow>>> reply) {
    ask<std::vector<rpc::MempoolRow>>(std::move(reply), [count_max](Validator& validator) {
        std::vector<rpc::MempoolRow> rows;
        for (const ledger::TxnPtr& txn : validator.mempool().content()) {
            if (rows.size() >= count_max) {
                break;
            }
            rows.push_back(
                {.id = txn->id,
                 .sender = txn->sender,
                 .nonce = txn->txn.body.nonce,
                 .gas_price = txn->txn.body.gas_price,
                 .bytes = txn->encoded_bytes});
        }
        return rows;
    });
}

std::unique_ptr<vm::ProgramCache> NodeBackend::take_programs() {
    const MutexLock lock(programs_mutex_);
    if (programs_.empty()) {
        return std::make_unique<vm::ProgramCache>(kTrialProgramBytes);
    }
    auto out = std::move(programs_.back());
    programs_.pop_back();
    return out;
}

void NodeBackend::give_programs(std::unique_ptr<vm::ProgramCache> programs) {
    const MutexLock lock(programs_mutex_);
    programs_.push_back(std::move(programs));
}

/// On a thread of its own: it reads the store and may take a while. Nothing else waits for it.
void NodeBackend::attempt(
    rpc::Trial trial, rpc::Reply<rpc::Answer<ledger::StoreResult<rpc::TrialResult>>> reply) {
    const bool taken = parts_.trials->submit([this, trial = std::move(trial), reply] {
        auto programs = take_programs();
        auto result = rpc::run_trial(*parts_.chain, parts_.info.params, trial, *programs);
        give_programs(std::move(programs));
        reply(std::move(result));
    });
    if (!taken) {
        reply(std::unexpected(busy()));
    }
}

void NodeBackend::prove(
    const ledger::StateKey& key,
    rpc::Reply<rpc::Answer<ledger::StoreResult<ledger::StateProof>>> reply) {
    ask<ledger::StoreResult<ledger::StateProof>>(
        std::move(reply), [key](Validator& validator) { return validator.chain().prove(key); });
}

// ---- peers --------------------------------------------------------------------------------------

void NodeBackend::peers(rpc::Reply<rpc::Answer<std::vector<p2p::PeerView>>> reply) {
    parts_.p2p->with_peers([reply = std::move(reply)](p2p::Peers& peers, TimeMs /*now*/) {
        reply(peers.peers());
        return p2p::PeersEffects{};
    });
}

void NodeBackend::bans(rpc::Reply<rpc::Answer<std::vector<p2p::BanView>>> reply) {
    parts_.p2p->with_peers([reply = std::move(reply)](p2p::Peers& peers, TimeMs /*now*/) {
        reply(peers.bans());
        return p2p::PeersEffects{};
    });
}

void NodeBackend::add_peer(const p2p::Dial& peer, rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.p2p->with_peers([peer, reply = std::move(reply)](p2p::Peers& peers, TimeMs now) {
        p2p::PeersEffects effects = peers.add(peer, now);
        reply(true);
        return effects;
    });
}

void NodeBackend::remove_peer(const p2p::NodeId& id, rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.p2p->with_peers([id, reply = std::move(reply)](p2p::Peers& peers, TimeMs now) {
        p2p::PeersEffects effects = peers.remove(id, now);
        reply(true);
        return effects;
    });
}

void NodeBackend::ban_peer(const p2p::NodeId& id, rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.p2p->with_peers([id, reply = std::move(reply)](p2p::Peers& peers, TimeMs now) {
        p2p::PeersEffects effects =
            peers.ban(id, "by the operator", p2p::Peers::Limits{}.ban_ms, now);
        reply(true);
        return effects;
    });
}

void NodeBackend::unban_peer(const p2p::NodeId& id, rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.p2p->with_peers([id, reply = std::move(reply)](p2p::Peers& peers, TimeMs /*now*/) {
        peers.unban(id);
        reply(true);
        return p2p::PeersEffects{};
    });
}

// ---- orders -------------------------------------------------------------------------------------

void NodeBackend::take_snapshot(rpc::Reply<rpc::Answer<ledger::StoreResult<Height>>> reply) {
    ask<ledger::StoreResult<Height>>(
        std::move(reply), [](Validator& validator) { return validator.take_snapshot(); });
}

void NodeBackend::stop() { parts_.ending->request(Ending::kExitOk, "by the operator"); }

void NodeBackend::set_faults(
    const std::optional<p2p::NodeId>& peer,
    const p2p::LinkFaults& faults,
    rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.p2p->with_faults([peer, faults, reply = std::move(reply)](p2p::FaultyLinks& links) {
        links.set(peer, faults);
        reply(true);
    });
}

void NodeBackend::clear_faults(rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.p2p->with_faults([reply = std::move(reply)](p2p::FaultyLinks& links) {
        links.clear();
        reply(true);
    });
}

void NodeBackend::faults(
    rpc::Reply<rpc::Answer<std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>>>>
        reply) {
    parts_.p2p->with_faults([reply = std::move(reply)](p2p::FaultyLinks& links) {
        std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>> rows;
        if (const auto all = links.get(std::nullopt)) {
            rows.emplace_back(std::nullopt, *all);
        }
        for (const auto& [peer, faults] : links.peers()) {
            rows.emplace_back(peer, faults);
        }
        reply(std::move(rows));
    });
}

void NodeBackend::set_clock_offset(std::int64_t ms, rpc::Reply<rpc::Answer<bool>> reply) {
    parts_.clock->set_offset(ms);
    // The consensus thread may be waiting for a time that has come now.
    ask<bool>(std::move(reply), [](Validator& /*validator*/) { return true; });
}

// ---- blobs --------------------------------------------------------------------------------------

Result<Hash, std::string> NodeBackend::put_blob(ByteView bytes) {
    auto root = parts_.blobs->put(bytes);
    if (!root) {
        return std::unexpected(root.error().context);
    }
    return *root;
}

std::unique_ptr<rpc::BlobUpload> NodeBackend::upload_blob() {
    return std::make_unique<Upload>(parts_.blobs->writer());
}

Result<void, std::string> NodeBackend::keep_task_key(const Hash& task, const Hash& key) {
    return parts_.learner->keep_key(task, key);
}

rpc::TrainerReport NodeBackend::trainer() const { return parts_.learner->trainer(); }

std::vector<std::string> NodeBackend::trainer_lines() const {
    return parts_.learner->trainer_lines();
}

rpc::TaskCurve NodeBackend::curve(const Hash& task) const { return parts_.learner->curve(task); }

std::optional<std::uint64_t> NodeBackend::blob_bytes(const Hash& root) const {
    const auto shape = parts_.blobs->shape(root);
    return shape ? std::optional{shape->bytes} : std::nullopt;
}

Result<Bytes, std::string> NodeBackend::read_blob(
    const Hash& root, std::uint64_t offset, std::size_t count) const {
    auto bytes = parts_.blobs->read(root, offset, count);
    if (!bytes) {
        return std::unexpected(bytes.error().context);
    }
    return *std::move(bytes);
}

}  // namespace polis::node
