#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/modules/task_queries.hpp>
#include <ledger/payload.hpp>
#include <ml/protocol/messages.hpp>

namespace polis::node {

/// The model that this node trained for a round. It must be on the disk before its commitment is
/// sent: who cannot reveal loses the bond.
struct RoundWork {
    std::uint64_t round = 0;
    Hash task;
    Hash model;  ///< blob root
    Hash salt;

    bool operator==(const RoundWork&) const = default;
    static constexpr auto kFields =
        codec::fields(&RoundWork::round, &RoundWork::task, &RoundWork::model, &RoundWork::salt);
};

/// What a validator does in learning rounds: trains while a round takes models, commits to the
/// result, reveals it. Compares after every block what the chain says with what it has, so a
/// restart or a lost transaction needs no memory but the RoundWork. A machine without I/O.
class RoundPlayer {
  public:
    struct Options {
        std::optional<trainer::ModelSpec> model;  ///< nothing: what the task suggests
        std::string device = "auto";
        /// Training ends so long before the window, so that the commitment gets into a block.
        std::uint64_t margin_ms = 2'000;
        std::uint32_t margin_ppm = 100'000;  ///< of the window, if that is more
        std::uint64_t train_ms_min = 500;    ///< with less time left a round is left out
        std::size_t attempts_max = 3;        ///< of training in one round
    };

    /// @param work of an earlier life, if there is any
    RoundPlayer(const Address& self, Options options, std::optional<RoundWork> work);

    /// What is to be done after a block.
    struct Plan {
        std::optional<trainer::Train> train;  ///< give it to the trainer; data: `training` blobs
        bool stop_training = false;
        std::optional<ledger::Payload> payload;  ///< that should be on chain and is not
    };

    /// @param round the open one, nothing if none is
    /// @param seed  random, for the streams of a new job
    [[nodiscard]] Plan on_block(
        const std::optional<ledger::tasks::OpenRound>& round, TimeMs now, std::uint64_t seed);

    /// A job gave a model whose blob is stored.
    /// @param salt fresh and random
    /// @return what to write to the disk; nothing if the round is over
    [[nodiscard]] std::optional<RoundWork> trained(
        std::uint64_t job, const Hash& model, const Hash& salt);

    /// A job gave none, or could not be handed over.
    void failed(std::uint64_t job);

    /// The trainer cannot train what the task suggests: the next attempt of this round trains
    /// default_model(), for what a task says of architectures is no condition.
    void refused(std::uint64_t job);

    /// The job that is with the trainer; 0: none.
    [[nodiscard]] std::uint64_t job() const { return training_ ? next_job_ : 0; }

    [[nodiscard]] const std::optional<RoundWork>& work() const { return work_; }

  private:
    using Round = consensus::pole::Round;
    using OpenRound = ledger::tasks::OpenRound;

    void enter(const Round& round);
    [[nodiscard]] std::optional<trainer::Train> train(
        const OpenRound& open, TimeMs now, std::uint64_t seed);
    [[nodiscard]] trainer::ModelSpec model_for(const ledger::TaskSpec& task) const;
    [[nodiscard]] ledger::Payload commitment() const;
    [[nodiscard]] std::uint64_t time_left(const Round& round, TimeMs now) const;

    const Address self_;
    const Options options_;
    std::optional<RoundWork> work_;
    std::uint64_t round_ = 0;  ///< that attempts and the job belong to
    Hash task_;
    std::size_t attempts_ = 0;
    bool suggestion_refused_ = false;  ///< by this round's trainer
    bool training_ = false;
    std::uint64_t next_job_ = 0;  ///< the latest
};

}  // namespace polis::node
