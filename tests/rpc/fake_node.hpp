#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <genesis/dev_keys.hpp>
#include <ledger/chain.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/mempool/mempool.hpp>
#include <node/rpc/backend.hpp>

namespace polis::node::rpc::testing {

/// A node without agreement and network: a real chain in memory and a real mempool, which makes a
/// block when it is told to. Answers at once on the caller's thread.
class FakeNode final : public Backend {
  public:
    FakeNode();

    /// Executes what the pool has, `count` blocks long, and tells the listener.
    void mine(std::size_t count = 1);

    /// A block with these transactions, whatever the pool has.
    void mine_with(std::vector<ledger::Transaction> txns);

    /// Tells the listener of something else.
    void emit(const NodeEvent& event);

    /// A transfer of devnet account `from`, signed.
    [[nodiscard]] Bytes transfer(
        std::size_t from, const Address& to, std::uint64_t amount, std::uint64_t nonce) const;
    [[nodiscard]] ledger::Transaction signed_txn(
        const crypto::SigningKey& key, ledger::Payload payload, std::uint64_t nonce) const;

    [[nodiscard]] static Address account(std::size_t index);

    [[nodiscard]] const ledger::Chain& ledger() const { return *chain_; }

    // What a test may change before it asks.
    NodeInfo node;
    std::vector<std::string> reasons;  ///< of not_ready()
    Snapshot view;                     ///< machine.head and the mempool's counts are filled in
    std::vector<p2p::PeerView> peer_list;
    std::vector<p2p::BanView> ban_list;
    std::vector<p2p::Dial> added;
    std::map<Hash, Bytes> blobs;
    std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>> fault_list;
    std::int64_t clock_offset = 0;
    bool stopped = false;
    std::size_t upload_part_max = 0;  ///< bytes of the largest portion of an upload
    bool busy = false;                ///< refuse what goes to the machine

    // Backend.
    [[nodiscard]] const NodeInfo& info() const override { return node; }

    [[nodiscard]] SnapshotPtr snapshot() const override;

    [[nodiscard]] const ledger::ChainReader& chain() const override { return reader_; }

    [[nodiscard]] std::string config_text() const override { return "[rpc]\n"; }

    [[nodiscard]] std::vector<std::string> not_ready() const override { return reasons; }

    [[nodiscard]] std::string metrics_text() const override { return "polis_height 1\n"; }

    void submit(Bytes txn, Reply<Answer<TxnAnswer>> reply) override;
    void pending_txn(const Hash& id, Reply<Answer<std::optional<Bytes>>> reply) override;
    void next_nonce(const Address& sender, Reply<Answer<std::optional<Nonce>>> reply) override;
    void mempool(std::size_t count_max, Reply<Answer<std::vector<MempoolRow>>> reply) override;
    void attempt(Trial trial, Reply<Answer<ledger::StoreResult<TrialResult>>> reply) override;
    void prove(
        const ledger::StateKey& key,
        Reply<Answer<ledger::StoreResult<ledger::StateProof>>> reply) override;
    void peers(Reply<Answer<std::vector<p2p::PeerView>>> reply) override;
    void bans(Reply<Answer<std::vector<p2p::BanView>>> reply) override;
    void add_peer(const p2p::Dial& peer, Reply<Answer<bool>> reply) override;
    void remove_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) override;
    void ban_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) override;
    void unban_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) override;
    void take_snapshot(Reply<Answer<ledger::StoreResult<Height>>> reply) override;

    void stop() override { stopped = true; }

    void set_faults(
        const std::optional<p2p::NodeId>& peer,
        const p2p::LinkFaults& faults,
        Reply<Answer<bool>> reply) override;
    void clear_faults(Reply<Answer<bool>> reply) override;
    void faults(Reply<Answer<std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>>>>
                    reply) override;
    void set_clock_offset(std::int64_t ms, Reply<Answer<bool>> reply) override;
    Result<Hash, std::string> put_blob(ByteView bytes) override;
    std::unique_ptr<BlobUpload> upload_blob() override;
    [[nodiscard]] std::optional<std::uint64_t> blob_bytes(const Hash& root) const override;
    [[nodiscard]] Result<Bytes, std::string> read_blob(
        const Hash& root, std::uint64_t offset, std::size_t count) const override;
    Result<void, std::string> keep_task_key(const Hash& task, const Hash& key) override;

    [[nodiscard]] TrainerReport trainer() const override { return trainer_report; }

    [[nodiscard]] std::vector<std::string> trainer_lines() const override { return lines; }

    [[nodiscard]] TaskCurve curve(const Hash& task) const override;
    void listen(std::function<void(const NodeEvent&)> listener) override;

    std::map<Hash, Hash> task_keys;
    TrainerReport trainer_report;
    std::vector<std::string> lines;
    std::vector<TrainingJob> jobs;

  private:
    /// Answers `value`, or that the node is busy.
    template <class T, class V>
    void answer(const Reply<Answer<T>>& reply, V&& value) const {
        if (busy) {
            reply(std::unexpected(Unavailable{"the queue is full", 250}));
        } else {
            reply(T(std::forward<V>(value)));
        }
    }

    void apply(std::vector<ledger::CheckedTxn> txns);

    mutable std::recursive_mutex mutex_;
    std::unique_ptr<ledger::Chain> chain_;
    ledger::ChainReader reader_;
    ledger::Mempool pool_;
    std::function<void(const NodeEvent&)> listener_;
};

}  // namespace polis::node::rpc::testing
