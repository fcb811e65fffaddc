#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <consensus/checker.hpp>
#include <consensus/facts/collector.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/pbft/replica.hpp>
#include <core/bytes.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <core/worker_pool.hpp>
#include <ledger/chain.hpp>
#include <ledger/mempool/mempool.hpp>
#include <ledger/transaction.hpp>
#include <node/validator/view.hpp>
#include <p2p/session.hpp>

/// Where consensus meets the ledger: the replica, block sync, body fetch, mempool, facts and the
/// chain joined into one machine that takes bytes from peers and gives bytes to peers. The process
/// `polisd` and the simulator drive exactly this class; it has no socket, clock or thread, and its
/// only I/O is the chain's store.
namespace polis::node {

/// The driver's name for a connected peer.
using PeerId = std::uint32_t;

// ---- inputs -------------------------------------------------------------------------------------

struct PeerJoined {
    PeerId peer = 0;
};

struct PeerLeft {
    PeerId peer = 0;
};

/// One message, as encode_wire() made it on the other side.
struct PeerBytes {
    PeerId peer = 0;
    Bytes bytes;
};

/// The time that next_timer() named has come.
struct Tick {};

/// A transaction of a local client; TxnVerdict answers.
struct SubmitTxn {
    Bytes encoded;
    std::uint64_t ticket = 0;  ///< comes back with the verdict
};

/// Transactions that passed ledger::check() and whose signatures were verified on other threads: of
/// a peer's TxnBatch, or of local clients.
struct TxnsVerified {
    std::optional<PeerId> peer;  ///< nothing: local clients, one ticket for each transaction
    std::vector<ledger::TxnPtr> txns;
    std::vector<std::uint64_t> tickets;  ///< of a peer's: empty
};

/// A fact that this node has worked out.
struct FactFound {
    consensus::Fact fact;
};

using ValidatorInput =
    std::variant<PeerJoined, PeerLeft, PeerBytes, Tick, SubmitTxn, FactFound, TxnsVerified>;

// ---- outputs ------------------------------------------------------------------------------------

struct SendTo {
    PeerId peer = 0;
    p2p::Channel channel = p2p::Channel::kConsensus;
    Bytes bytes;
};

struct SendAll {
    p2p::Channel channel = p2p::Channel::kConsensus;
    Bytes bytes;
};

/// How a transaction came in, or which check refused it.
using TxnOutcome = std::variant<ledger::Admission, ledger::MempoolError, ledger::TxnError>;

/// A block is executed and durable.
struct Finalized {
    ledger::Head head;
    pbft::Certificate certificate;
    Address proposer;
    std::vector<Hash> txns;             ///< ids, in block order
    std::vector<ledger::Event> events;  ///< of learning tasks, in the order in which they happened
};

/// What became of a client's transaction; one for each SubmitTxn and each local TxnsVerified.
struct TxnVerdict {
    std::uint64_t ticket = 0;
    Hash id;
    TxnOutcome outcome;
};

/// The peer sent what no honest peer sends.
struct Penalise {
    PeerId peer = 0;
    std::string reason;
};

struct AlarmRaised {
    pbft::Alarm alarm;
};

/// Proof against a committee member; it is also reported on chain.
struct Accused {
    pbft::Evidence evidence;
};

/// A quorum attests another result than this node worked out: a person must look.
struct FactDisputed {
    consensus::FactAlarm alarm;
};

/// The store failed: nothing may be signed any more, the process must end.
struct StopNode {
    ledger::StoreError error;
};

using ValidatorOutput = std::variant<
    SendTo,
    SendAll,
    Finalized,
    Penalise,
    AlarmRaised,
    Accused,
    StopNode,
    FactDisputed,
    TxnVerdict>;
using ValidatorOutputs = std::vector<ValidatorOutput>;

// ---- the machine --------------------------------------------------------------------------------

/// Where a step has got to, for whoever measures how long things take: the machine has no clock.
/// Except where it says otherwise, a mark is about the block that it comes with.
enum class Mark : std::uint8_t {
    kBuilding,     ///< this node's turn to propose; about no block yet
    kBuilt,        ///< what it will propose
    kShown,        ///< a proposal of it is known
    kComplete,     ///< all of its transactions are here
    kJudged,       ///< checked, whatever came out
    kAccepted,     ///< this node votes for it, or proposes it
    kPrepared,     ///< by a quorum, in a view of this node
    kWritingVote,  ///< a record is to be made durable; about no block
    kVoteWritten,  ///< and is; about no block
    kDecided,      ///< by a quorum, and this node can prove it
    kApplying,     ///< its execution begins: what follows are ledger::ApplyStage
    kApplied,      ///< everything that depends on the head has moved with it
};

/// Copies of the state that a node keeps for new ones.
inline constexpr std::size_t kSnapshotsKept = 2;

/// The keys of a committee member; an observer has none.
struct Identity {
    crypto::SigningKey consensus_key;
    crypto::VrfKey vrf_key;
    Address address;  ///< of the operator, whom fees are paid to
    /// Of an account that pays for reports of evidence. Without it nothing is reported on
    /// chain.
    std::optional<crypto::SigningKey> account_key = std::nullopt;
};

class Validator {
  public:
    struct Options {
        pbft::Timing timing;
        /// How long a leader waits for something to propose before it proposes an empty block; what
        /// comes meanwhile is proposed at once. No more than timing.block_interval_ms: never longer
        /// than that. Spec [J35].
        std::uint64_t empty_block_interval_ms = 0;
        std::uint64_t clock_drift_ms_max =
            10'000;  ///< a block's time may be this far ahead of ours
        std::size_t block_txns_max = 10'000;
        /// Blocks from one copy of the state for new nodes to the next; 0: none are made.
        std::uint64_t snapshot_interval = 0;
        ledger::MempoolLimits mempool;
        /// Called within a step, on its thread; may be empty. Nothing comes back, so nothing that
        /// the machine does can depend on it.
        std::function<void(Mark, const Hash& block)> on_mark = {};
    };

    struct Setup {
        std::unique_ptr<ledger::Chain> chain;
        std::optional<Identity> identity;
        consensus::CryptoChecker* checker = nullptr;  ///< outlives the validator
        WorkerPool* workers = nullptr;                ///< outlives the validator
        Options options;
    };

    /// Loads the vote record from the chain's store. Nothing is signed or sent before start().
    /// @error what the store answers; kCorrupt for a damaged vote record
    [[nodiscard]] static ledger::StoreResult<std::unique_ptr<Validator>> open(Setup setup);

    ~Validator();
    Validator(const Validator&) = delete;
    Validator& operator=(const Validator&) = delete;

    /// @pre called once, first
    [[nodiscard]] ValidatorOutputs start(TimeMs now);

    /// Never throws and never asserts on what a peer or client can choose.
    [[nodiscard]] ValidatorOutputs step(const ValidatorInput& input, TimeMs now);

    /// When Tick is due; nothing if no timer is armed.
    [[nodiscard]] std::optional<TimeMs> next_timer() const;

    [[nodiscard]] ledger::Chain& chain();
    [[nodiscard]] const pbft::Replica& replica() const;
    [[nodiscard]] std::size_t mempool_size() const;
    [[nodiscard]] const ledger::Mempool& mempool() const;

    /// Copies the state for new nodes, and keeps the newest kSnapshotsKept copies. O(records): the
    /// machine does nothing else meanwhile. @return the height of the copy
    /// @error what the store answers; the machine goes on
    [[nodiscard]] ledger::StoreResult<Height> take_snapshot();

    /// What the machine is at, for people. O(committee).
    [[nodiscard]] ValidatorView view() const;

    /// Bytes held for messages, requests and transactions, roughly.
    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    class Impl;
    explicit Validator(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace polis::node
