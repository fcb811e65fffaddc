#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_queries.hpp>
#include <ledger/params.hpp>
#include <ledger/store/blob_store.hpp>
#include <node/drivers/blob_driver.hpp>
#include <node/drivers/txn_gate.hpp>
#include <node/drivers/validator_driver.hpp>
#include <node/learning/fact_finder.hpp>
#include <node/learning/key_keeper.hpp>
#include <node/learning/own_txns.hpp>
#include <node/learning/round_player.hpp>
#include <node/learning/training_log.hpp>
#include <node/log/log.hpp>
#include <node/rpc/backend.hpp>
#include <node/runtime/clock.hpp>
#include <node/runtime/mutex.hpp>
#include <node/trainer/trainer_host.hpp>

namespace polis::node {

/// Why there is nothing to train and no key to keep.
inline constexpr std::string_view kNoTasks =
    "this chain has no learning tasks; its election is not pole";

/// Everything that a node does for learning tasks, and for evaluations that contracts ask for,
/// after every block and on a thread of its own: it keeps the blobs that tasks need, attests and
/// scores, reveals the keys of test sets that were left with it and, as a validator with a trainer,
/// takes part in rounds.
///
/// What it does follows from the latest block alone: blocks that come faster than it works are
/// passed over, and a restart goes on where the chain is.
class Learner {
  public:
    struct Setup {
        ValidatorDriver* validator = nullptr;  ///< these outlive the learner
        ledger::BlobStore* blobs = nullptr;
        BlobDriver* blob_driver = nullptr;
        TxnGate* gate = nullptr;
        Clock* clock = nullptr;
        Log* log = nullptr;
        ledger::Params params;
        /// Of the account that pays for commitments and reveals; nothing: the node only watches.
        std::optional<crypto::SigningKey> account;
        std::filesystem::path folder;  ///< for keys and works
        /// How to train; nothing: the node attests and scores only. @pre with an account
        std::optional<RoundPlayer::Options> player;
        TrainerHost::Options trainer;  ///< with `player`
        std::string no_trainer;        ///< why there is no `player`, for people
        /// Called for every report of a running job, on the trainer host's thread; quick.
        std::function<void(const rpc::TaskMetric&)> measured;
    };

    /// @error the folder cannot be used: cause and cure
    [[nodiscard]] static Result<std::unique_ptr<Learner>, std::string> open(Setup setup);

    ~Learner() { stop(); }

    Learner(const Learner&) = delete;
    Learner& operator=(const Learner&) = delete;

    void start();
    void stop();

    /// A block is final. Any thread; returns at once.
    void on_block();

    /// Keeps the key of a task's test set until the round asks for it. Any thread.
    /// @error the node has no account to pay for the reveal, or the disk fails
    [[nodiscard]] Result<void, std::string> keep_key(const Hash& task, const Hash& key);

    [[nodiscard]] const FactFinder& facts() const { return *facts_; }

    /// The trainer of this node and what it told last. Any thread between start() and stop().
    [[nodiscard]] rpc::TrainerReport trainer() const;

    /// The latest lines about the trainer: its own and the node's. The same threads.
    [[nodiscard]] std::vector<std::string> trainer_lines() const;

    /// What this node trained for a task, with the node's time. The same threads.
    [[nodiscard]] rpc::TaskCurve curve(const Hash& task) const;

    [[nodiscard]] const TrainingLog& training() const { return training_; }

  private:
    using TrainerEvent = std::variant<trainer::Finished, trainer::Failed>;

    /// What the chain says after a block, of one moment.
    struct ChainView {
        Height height;
        TimeMs time;
        Nonce nonce;  ///< of the account
        ledger::tasks::Wanted wanted;
        std::vector<Hash> blobs;
        std::optional<ledger::tasks::OpenRound> round;
        std::optional<ledger::tasks::RoundResult> settled;  ///< the latest
    };

    explicit Learner(Setup setup);

    void run();
    void look();
    void act(ChainView view);
    void tally(const ChainView& view);
    void follow(RoundPlayer::Plan plan, std::uint64_t round);
    [[nodiscard]] TrainerHost::Listener listener();
    [[nodiscard]] RoundPlayer::Plan play(const ChainView& view);
    void take(trainer::Finished& finished);
    void take(const trainer::Failed& failed);
    void submit(Bytes txn);
    void post(TrainerEvent event);
    [[nodiscard]] trainer::BlobLocation located(const trainer::BlobLocation& blob) const;
    [[nodiscard]] ledger::StoreResult<ChainView> view_of(Validator& validator) const;
    [[nodiscard]] std::optional<ledger::Payload> key_to_reveal(const ChainView& view);

    // Constant after open().
    Setup setup_;
    Address self_;
    std::unique_ptr<FactFinder> facts_;

    TrainingLog training_;  ///< locks itself

    // Owned by the thread.
    std::optional<OwnTxns> txns_;
    std::optional<RoundPlayer> player_;
    std::unique_ptr<TrainerHost> trainer_;
    std::uint64_t committed_round_ = 0;           ///< the latest with a commitment of this node
    std::optional<std::uint64_t> settled_round_;  ///< the latest that was looked at

    Mutex keys_mutex_;
    std::optional<KeyKeeper> keys_ POLIS_GUARDED_BY(keys_mutex_);

    Mutex mutex_;
    Condition wake_;
    bool ending_ POLIS_GUARDED_BY(mutex_) = false;
    bool block_ POLIS_GUARDED_BY(mutex_) = true;  ///< one came since the last look
    std::vector<TrainerEvent> events_ POLIS_GUARDED_BY(mutex_);
    std::optional<ChainView> view_ POLIS_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace polis::node
