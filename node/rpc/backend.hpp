#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <consensus/pbft/certificate.hpp>
#include <core/bytes.hpp>
#include <core/result.hpp>
#include <core/types.hpp>
#include <ledger/chain_reader.hpp>
#include <ledger/mempool/admission.hpp>
#include <ledger/params.hpp>
#include <ledger/state/proof.hpp>
#include <ledger/transaction.hpp>
#include <ledger/validation.hpp>
#include <node/learning/training_log.hpp>
#include <node/rpc/trial.hpp>
#include <node/trainer/trainer_host.hpp>
#include <node/validator/view.hpp>
#include <p2p/faults.hpp>
#include <p2p/peers.hpp>

/// What the RPC server needs of a node: the seam between node/rpc, which knows JSON, and node/app,
/// which knows threads. Tests put a chain in memory behind it.
namespace polis::node::rpc {

/// Does not change while the process runs.
struct NodeInfo {
    std::string version;  ///< of the program
    std::string moniker;  ///< a name for people
    p2p::NodeId id;
    ChainId chain_id;
    Hash genesis;
    ledger::Params params;
    ledger::MempoolLimits mempool;
    std::optional<Address> validator;  ///< of the operator; nothing: an observer
    std::string p2p_listen;            ///< as bound: "127.0.0.1:26600"
    std::string rpc_listen;
    std::string admin_listen;  ///< empty: none
    bool dev = false;          ///< dev methods are on
    TimeMs started;
};

/// What the machine is at, taken after every step that changed it. Immutable.
struct Snapshot {
    ValidatorView machine;
    std::size_t peers = 0;
    TimeMs head_since;                ///< this node's clock, when the head moved
    std::vector<std::string> alarms;  ///< what a person must look at, latest last
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

/// What became of a transaction that a client sent.
struct TxnAnswer {
    Hash id;

    /// How it waits, or the name of what refused it and a sentence for people.
    struct Refused {
        std::variant<ledger::TxnError, ledger::MempoolError> why;
    };

    std::variant<ledger::Admission, Refused> outcome;
};

/// Something happened. Pushed from the consensus thread; must return at once.
struct BlockFinalized {
    ledger::Head head;
    View view;
    Address proposer;
    std::vector<Hash> txns;
    std::vector<ledger::Event> events;  ///< of learning tasks
};

struct TxnPending {
    Hash id;
};

struct ConsensusStep {
    Height height;
    View view;
    Phase phase = Phase::kVoting;
};

/// A report of this node's trainer.
struct TaskMetric {
    Hash task;
    std::uint64_t round = 0;
    std::uint64_t job = 0;
    TrainingPoint point;
};

using NodeEvent = std::variant<BlockFinalized, TxnPending, ConsensusStep, TaskMetric>;

/// The trainer of this node, at one moment.
struct TrainerReport {
    std::string none;  ///< why this node trains nothing; empty: it has a trainer
    TrainerHost::Status status;
    std::optional<TrainingJob> job;  ///< the latest
};

/// What this node trained for a task.
struct TaskCurve {
    TimeMs now;  ///< this node's clock
    std::vector<TrainingJob> jobs;
};

/// Answers of the functions below come through this, once, on any thread.
template <class T>
using Reply = std::function<void(T)>;

/// The node is too busy (its queue is full) or ends.
struct Unavailable {
    std::string reason;
    std::uint64_t retry_after_ms = 0;
};

template <class T>
using Answer = Result<T, Unavailable>;

struct MempoolRow {
    Hash id;
    Address sender;
    Nonce nonce;
    GasPrice gas_price;
    std::size_t bytes = 0;
};

/// A blob that comes in portions; what is not finished leaves nothing. One thread at a time.
class BlobUpload {
  public:
    virtual ~BlobUpload() = default;

    /// Writes files. @error for people
    [[nodiscard]] virtual Result<void, std::string> add(ByteView portion) = 0;
    [[nodiscard]] virtual Result<Hash, std::string> finish() = 0;
};

/// Every function may be called from any thread.
class Backend {
  public:
    virtual ~Backend() = default;

    [[nodiscard]] virtual const NodeInfo& info() const = 0;
    [[nodiscard]] virtual SnapshotPtr snapshot() const = 0;
    [[nodiscard]] virtual const ledger::ChainReader& chain() const = 0;

    /// Effective configuration for people: TOML, secrets left out.
    [[nodiscard]] virtual std::string config_text() const = 0;

    /// Reasons why the node is not ready; empty: ready.
    [[nodiscard]] virtual std::vector<std::string> not_ready() const = 0;

    /// Prometheus text format.
    [[nodiscard]] virtual std::string metrics_text() const = 0;

    virtual void submit(Bytes txn, Reply<Answer<TxnAnswer>> reply) = 0;
    virtual void pending_txn(const Hash& id, Reply<Answer<std::optional<Bytes>>> reply) = 0;
    virtual void next_nonce(const Address& sender, Reply<Answer<std::optional<Nonce>>> reply) = 0;
    virtual void mempool(std::size_t count_max, Reply<Answer<std::vector<MempoolRow>>> reply) = 0;

    /// Runs a transaction on the latest state and throws the result away: run_trial().
    virtual void attempt(Trial trial, Reply<Answer<ledger::StoreResult<TrialResult>>> reply) = 0;
    virtual void prove(
        const ledger::StateKey& key,
        Reply<Answer<ledger::StoreResult<ledger::StateProof>>> reply) = 0;

    virtual void peers(Reply<Answer<std::vector<p2p::PeerView>>> reply) = 0;
    virtual void bans(Reply<Answer<std::vector<p2p::BanView>>> reply) = 0;

    // Operator's orders.
    virtual void add_peer(const p2p::Dial& peer, Reply<Answer<bool>> reply) = 0;
    virtual void remove_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) = 0;
    virtual void ban_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) = 0;
    virtual void unban_peer(const p2p::NodeId& id, Reply<Answer<bool>> reply) = 0;
    /// Writes a state snapshot for new nodes. The height of it.
    virtual void take_snapshot(Reply<Answer<ledger::StoreResult<Height>>> reply) = 0;
    /// Ends the process cleanly.
    virtual void stop() = 0;

    // Development networks only.
    virtual void set_faults(
        const std::optional<p2p::NodeId>& peer,
        const p2p::LinkFaults& faults,
        Reply<Answer<bool>> reply) = 0;
    virtual void clear_faults(Reply<Answer<bool>> reply) = 0;
    virtual void faults(
        Reply<Answer<std::vector<std::pair<std::optional<p2p::NodeId>, p2p::LinkFaults>>>>
            reply) = 0;
    /// Moves the clock that the node shows to its machines, in milliseconds from the real one.
    virtual void set_clock_offset(std::int64_t ms, Reply<Answer<bool>> reply) = 0;

    // Blobs: content by root. Reads and writes files; call from the RPC's worker thread.
    virtual Result<Hash, std::string> put_blob(ByteView bytes) = 0;
    virtual std::unique_ptr<BlobUpload> upload_blob() = 0;
    [[nodiscard]] virtual std::optional<std::uint64_t> blob_bytes(const Hash& root) const = 0;
    [[nodiscard]] virtual Result<Bytes, std::string> read_blob(
        const Hash& root, std::uint64_t offset, std::size_t count) const = 0;

    /// Keeps the key of a task's test set and reveals it when the round asks for it. Writes a file;
    /// call from the RPC's worker thread. @error for people: the node cannot do that
    virtual Result<void, std::string> keep_task_key(const Hash& task, const Hash& key) = 0;

    [[nodiscard]] virtual TrainerReport trainer() const = 0;

    /// The latest lines about the trainer, latest last: its own and the node's.
    [[nodiscard]] virtual std::vector<std::string> trainer_lines() const = 0;

    [[nodiscard]] virtual TaskCurve curve(const Hash& task) const = 0;

    /// Called for every event from now on. One listener: the server. Null ends it: once that has
    /// returned, the listener is not called again.
    virtual void listen(std::function<void(const NodeEvent&)> listener) = 0;
};

}  // namespace polis::node::rpc
