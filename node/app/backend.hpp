#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <ledger/chain_reader.hpp>
#include <ledger/store/blob_store.hpp>
#include <node/config/config.hpp>
#include <node/drivers/p2p_driver.hpp>
#include <node/drivers/txn_gate.hpp>
#include <node/drivers/validator_driver.hpp>
#include <node/learning/learner.hpp>
#include <node/metrics/metrics.hpp>
#include <node/rpc/backend.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/ending.hpp>
#include <node/runtime/mutex.hpp>
#include <vm/cache.hpp>

namespace polis::node {

/// The node as the RPC server sees it: each question goes to the thread that can answer it.
class NodeBackend final : public rpc::Backend {
  public:
    /// Everything outlives the backend.
    struct Parts {
        rpc::NodeInfo info;
        const NodeConfig* config = nullptr;
        const ledger::ChainReader* chain = nullptr;
        ledger::KeyValueStore* store = nullptr;  ///< written on the consensus thread only
        ValidatorDriver* validator = nullptr;
        P2pDriver* p2p = nullptr;
        TxnGate* gate = nullptr;
        JobPool* crypto = nullptr;
        const StageTimes* stages = nullptr;
        JobPool* trials = nullptr;
        Clock* clock = nullptr;
        ledger::BlobStore* blobs = nullptr;
        Learner* learner = nullptr;
        Ending* ending = nullptr;
    };

    explicit NodeBackend(Parts parts) : parts_(std::move(parts)) {}

    /// Tells the listener, if there is one. Any thread.
    void emit(const rpc::NodeEvent& event);

    [[nodiscard]] const rpc::NodeInfo& info() const override { return parts_.info; }

    [[nodiscard]] rpc::SnapshotPtr snapshot() const override {
        return parts_.validator->snapshot();
    }

    [[nodiscard]] const ledger::ChainReader& chain() const override { return *parts_.chain; }

    [[nodiscard]] std::string config_text() const override;
    [[nodiscard]] std::vector<std::string> not_ready() const override;
    [[nodiscard]] std::string metrics_text() const override;

    void submit(Bytes txn, rpc::Reply<rpc::Answer<rpc::TxnAnswer>> reply) override;
    void pending_txn(const Hash& id, rpc::Reply<rpc::Answer<std::optional<Bytes>>> reply) override;
    void next_nonce(
        const Address& sender, rpc::Reply<rpc::Answer<std::optional<Nonce>>> reply) override;
    void mempool(std::size_t count_max, rpc::Reply<rpc::Answer<std::vector<rpc::MempoolRow>>> reply)
        override;
    void attempt(
        rpc::Trial trial,
        rpc::Reply<rpc::Answer<ledger::StoreResult<rpc::TrialResult>>> reply) override;
    void prove(
        const ledger::StateKey& key,
        rpc::Reply<rpc::Answer<ledger::StoreResult<ledger::StateProof>>> reply) override;

    void peers(rpc::Reply<rpc::Answer<std::vector<p2p::PeerView>>> reply) override;
    void bans(rpc::Reply<rpc::Answer<std::vector<p2p::BanView>>> reply) override;

    void add_peer(const p2p::Dial& peer, rpc::Reply<rpc::Answer<bool>> reply) override;
    void remove_peer(const p2p::NodeId& id, rpc::Reply<rpc::Answer<bool>> reply) override;
    void ban_peer(const p2p::NodeId& id, rpc::Reply<rpc::Answer<bool>> reply) override;
    void unban_peer(const p2p::NodeId& id, rpc::Reply<rpc::Answer<bool>> reply) override;
    void take_snapshot(rpc::Reply<rpc::Answer<ledger::StoreResult<Height>>> reply) override;
    void stop() override;

    void set_faults(
        const std::optional<p2p::NodeId>& peer,
        const p2p::LinkFaults& faults,
        rpc::Reply<rpc::Answer<bool>> reply) override;
    void clear_faults(rpc::Reply<rpc::Answer<bool>> reply) override;
    void faults(
        rpc::Reply<rpc::Answer<std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>>>>
            reply) override;
    void set_clock_offset(std::int64_t ms, rpc::Reply<rpc::Answer<bool>> reply) override;

    Result<Hash, std::string> put_blob(ByteView bytes) override;
    std::unique_ptr<rpc::BlobUpload> upload_blob() override;
    [[nodiscard]] std::optional<std::uint64_t> blob_bytes(const Hash& root) const override;
    [[nodiscard]] Result<Bytes, std::string> read_blob(
        const Hash& root, std::uint64_t offset, std::size_t count) const override;

    Result<void, std::string> keep_task_key(const Hash& task, const Hash& key) override;

    [[nodiscard]] rpc::TrainerReport trainer() const override;
    [[nodiscard]] std::vector<std::string> trainer_lines() const override;
    [[nodiscard]] rpc::TaskCurve curve(const Hash& task) const override;

    void listen(std::function<void(const rpc::NodeEvent&)> listener) override;

  private:
    template <class T, class Work>
    void ask(rpc::Reply<rpc::Answer<T>> reply, Work work);

    [[nodiscard]] std::unique_ptr<vm::ProgramCache> take_programs();
    void give_programs(std::unique_ptr<vm::ProgramCache> programs);

    Parts parts_;

    /// Translated contracts of trials that are over: a cache is for one thread at a time, so there
    /// are at most as many as threads for trials.
    Mutex programs_mutex_;
    std::vector<std::unique_ptr<vm::ProgramCache>> programs_ POLIS_GUARDED_BY(programs_mutex_);

    /// Held while the listener is called, so that after listen({}) no call is under way.
    std::mutex listener_mutex_;
    std::function<void(const rpc::NodeEvent&)> listener_;
};

}  // namespace polis::node
