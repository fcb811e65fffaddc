#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <core/types.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/mapping.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/scoring.hpp>
#include <ml/protocol/messages.hpp>
#include <ml/torch/failure.hpp>
#include <ml/torch/float_model.hpp>
#include <ml/torch/network.hpp>

namespace polis::trainer {

/// What to train, and on what. The views' bytes outlive the job.
struct Job {
    exact::DatasetView train;
    exact::DatasetView validation;           ///< decides which model is the best and when to stop
    std::optional<exact::DatasetView> test;  ///< scored at the end; decides nothing
    std::optional<Hash> mapping_seed;        ///< of the owner and round; samples pass the map first
    ModelSpec model;
    std::uint64_t seed = 0;  ///< root of all streams: first weights, order of samples
    std::string device = "auto";
    std::uint32_t window_ms = 0;   ///< at most this long; 0: no limit
    std::uint32_t target_ppm = 0;  ///< stop at this validation accuracy; 0: never
    std::uint32_t epochs = 0;      ///< 0: usual_epochs()
    std::uint32_t batch = 64;      ///< samples in a step
    double learning_rate = 0.002;  ///< at the beginning; it falls to 0 with the last epoch
    std::string checkpoint;        ///< file to go on from and to write; empty: none
};

/// The world as training sees it; each may be left out. Called by the training thread.
struct Surroundings {
    std::function<std::uint64_t()> now_ms;          ///< never goes back; a steady clock by default
    std::function<bool()> stop;                     ///< asked before every step
    std::function<void(const Progress&)> progress;  ///< after evaluations, and twice a second
};

/// What a model and the network that it was made of achieve on the test samples.
struct TestScore {
    exact::Score exact;
    std::uint64_t float_correct = 0;
};

struct Trained {
    EndReason reason = EndReason::kEpochs;
    exact::AdmittedModel model;
    exact::Score validation;  ///< of the model, behind the map, by ml/exact
    FloatModel weights;       ///< that the model was made of
    std::optional<TestScore> test;
    Progress progress;
    std::string device;
};

/// Trains, quantises and evaluates until the target, the last epoch or the end of the window: the
/// model with the best validation score wins. Between epochs the network is calibrated on 1,000
/// training samples, becomes an integer model, and ml/exact scores it: what counts on chain is what
/// is chosen here.
///
/// Deterministic: one seed, job, machine and device give one sequence of models, and unless the
/// window ends it the same result. With a checkpoint, a job that was killed goes on as if it had
/// not been.
/// @error every FailureCode but kBusy
[[nodiscard]] Result<Trained, Failure> train(const Job& job, const Surroundings& surroundings);

/// Samples and labels behind a map. @param mapping null for none
[[nodiscard]] Samples mapped_samples(
    const exact::DatasetView& dataset, const exact::Mapping* mapping);

/// The map of a job; nothing without a seed.
[[nodiscard]] std::optional<exact::Mapping> mapping_of(
    const std::optional<Hash>& seed, const exact::Shape& shape, const exact::ModelFacts& facts);

}  // namespace polis::trainer
