#pragma once

#include <cstdint>
#include <optional>

#include <consensus/facts/fact.hpp>
#include <consensus/pole/records.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/mapping.hpp>
#include <ml/exact/scoring.hpp>
#include <ml/exact/shape.hpp>

/// What a model scores for a task: integers only, the same on every machine.
namespace polis::ledger::tasks {

/// What a task allows models to be.
struct ModelLimits {
    exact::Shape input;
    std::uint32_t classes = 0;
    std::uint32_t model_bytes_max = 0;
    std::uint64_t multiply_adds_max = 0;  ///< for one sample

    bool operator==(const ModelLimits&) const = default;
};

/// A score that the chain, or a contract, waits for, and all that is needed to work it out beside
/// two blobs.
struct ScoreWanted {
    consensus::FactKind kind = consensus::FactKind::kModelScore;
    Hash subject;  ///< of the fact
    std::uint64_t round = 0;
    Hash task;
    Address trainer;
    bool is_mapped = true;    ///< behind an input map
    Hash seed;                ///< of the trainer's input map
    Hash model;               ///< blob root
    Hash data;                ///< blob root
    std::optional<Hash> key;  ///< opens the data; nothing if they are public
    ModelLimits limits;
    std::uint64_t multiply_adds_all_max = kEvaluationMultiplyAddsMax;  ///< for all samples

    bool operator==(const ScoreWanted&) const = default;
};

/// One evaluation in slices, so that a background thread can stop between them.
///
/// Every pair of blobs has a result, so that a reveal always settles: kBadData if the samples do
/// not open, do not decode or have another shape than the task says; else kBadModel if the model
/// does not decode, breaks a limit of the task, has another shape, or needs more than
/// kEvaluationMultiplyAddsMax for all samples. Spec [G12]. One thread.
class Evaluation {
  public:
    /// Decodes both; costs memory for the opened data.
    /// @pre the blobs have the roots that `wanted` names; `data` outlives this object
    Evaluation(const ScoreWanted& wanted, ByteView model, ByteView data);

    Evaluation(const Evaluation&) = delete;
    Evaluation& operator=(const Evaluation&) = delete;

    /// Evaluates at most `samples` more. @return true when the result is there
    bool step(std::uint32_t samples);

    /// Samples evaluated, and to evaluate; 0 if there is nothing to.
    [[nodiscard]] std::uint32_t done() const { return next_; }

    [[nodiscard]] std::uint32_t total() const { return dataset_ ? dataset_->count() : 0; }

    /// @pre step() returned true
    [[nodiscard]] consensus::pole::ScoreResult result() const;

  private:
    [[nodiscard]] bool open(const ScoreWanted& wanted, ByteView data);
    [[nodiscard]] bool decode(const ScoreWanted& wanted, ByteView model);

    Bytes opened_;  ///< the data, if they were sealed
    std::optional<exact::DatasetView> dataset_;
    std::optional<exact::Evaluator> evaluator_;
    std::optional<exact::Mapping> mapping_;
    exact::Score score_;
    std::uint32_t next_ = 0;
    std::optional<consensus::pole::ScoreResult> result_;
};

/// The whole evaluation, as the fact to attest. @pre as Evaluation
[[nodiscard]] consensus::Fact evaluate(const ScoreWanted& wanted, ByteView model, ByteView data);

/// The fact that states a result.
[[nodiscard]] consensus::Fact score_fact(
    const ScoreWanted& wanted, const consensus::pole::ScoreResult& result);

}  // namespace polis::ledger::tasks
