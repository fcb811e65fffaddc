#include <ml/torch/trainer.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

#include <core/blob.hpp>
#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/random.hpp>
#include <ml/torch/architecture.hpp>
#include <ml/torch/checkpoint.hpp>
#include <ml/torch/quantise.hpp>

namespace polis::trainer {

namespace {

constexpr std::uint32_t kCalibrationSamples = 1'000;
constexpr std::uint32_t kEvaluationsMax = 60;  ///< of a whole training
constexpr std::uint64_t kProgressMs = 500;

std::uint64_t steady_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Result<void, Failure> check(const Job& job) {
    if (job.epochs > kEpochsMax || job.window_ms > kWindowMsMax || job.batch == 0 ||
        job.batch > kBatchMax || job.target_ppm > 1'000'000) {
        return fail(FailureCode::kBadSpec, "epochs, window, batch or target");
    }
    if (job.train.shape() != job.validation.shape() ||
        job.train.classes() != job.validation.classes()) {
        return fail(FailureCode::kBadData, "training and validation samples differ in kind");
    }
    return {};
}

/// Why run_epoch came back.
enum class EpochEnd : std::uint8_t { kDone, kWindow };

class Training {
  public:
    Training(const Job& job, const Surroundings& surroundings, Plan plan, Network network)
        : job_(job),
          surroundings_(surroundings),
          plan_(std::move(plan)),
          network_(std::move(network)),
          mapping_(mapping_of(job.mapping_seed, job.train.shape(), plan_.facts)) {
        batches_ = (job_.train.count() + job_.batch - 1) / job_.batch;
        epochs_ = job_.epochs != 0 ? job_.epochs : usual_epochs(job_.model, batches_);
        evaluate_every_ = (epochs_ + kEvaluationsMax - 1) / kEvaluationsMax;
        order_.resize(job_.train.count());
        // Until the first evaluation has been timed.
        reserve_ms_ = job_.window_ms / 8;
    }

    /// @param began_ms when the window began
    Result<Trained, Failure> run(std::uint64_t began_ms) {
        began_ms_ = reported_ms_ = began_ms;
        draw_calibration();
        POLIS_TRY_VOID(network_.load(mapped_samples(job_.train, mapping())));
        POLIS_TRY_VOID(resume());
        EndReason reason = EndReason::kEpochs;
        if (reached_target()) {
            reason = EndReason::kTarget;
        }
        while (progress_.epoch < epochs_ && reason == EndReason::kEpochs) {
            POLIS_TRY(const EpochEnd end, run_epoch());
            if (end == EpochEnd::kWindow) {
                POLIS_TRY_VOID(finish_in_window());
                reason = reached_target() ? EndReason::kTarget : EndReason::kWindow;
                break;
            }
            if (progress_.epoch % evaluate_every_ == 0 || progress_.epoch == epochs_) {
                POLIS_TRY_VOID(evaluate());
                POLIS_TRY_VOID(save());
                POLIS_TRY_VOID(report());
            }
            if (reached_target()) {
                reason = EndReason::kTarget;
            }
        }
        return result(reason);
    }

  private:
    using Verdict = Result<void, Failure>;

    [[nodiscard]] const exact::Mapping* mapping() const { return mapping_ ? &*mapping_ : nullptr; }

    [[nodiscard]] std::uint64_t now_ms() const {
        return surroundings_.now_ms ? surroundings_.now_ms() : steady_ms();
    }

    [[nodiscard]] bool window_over() const {
        return job_.window_ms != 0 && now_ms() - began_ms_ + reserve_ms_ >= job_.window_ms;
    }

    [[nodiscard]] bool reached_target() const {
        return job_.target_ppm != 0 && best_ &&
               best_->validation.correct * 1'000'000 >=
                   std::uint64_t{job_.target_ppm} * best_->validation.count;
    }

    void draw_calibration() {
        calibration_.resize(job_.train.count());
        std::iota(calibration_.begin(), calibration_.end(), 0);
        Random(job_.seed, "calibration").shuffle(calibration_);
        calibration_.resize(std::min<std::size_t>(calibration_.size(), kCalibrationSamples));
    }

    /// Every epoch has a stream of its own, so that a resumed one is shuffled alike.
    void shuffle() {
        std::iota(order_.begin(), order_.end(), 0);
        Random(job_.seed, "shuffle " + std::to_string(progress_.epoch)).shuffle(order_);
    }

    Result<EpochEnd, Failure> run_epoch() {
        shuffle();
        POLIS_TRY_VOID(network_.begin_epoch(order_));
        const auto total = static_cast<double>(std::uint64_t{batches_} * epochs_);
        for (std::uint32_t batch = 0; batch < batches_; ++batch) {
            if (surroundings_.stop && surroundings_.stop()) {
                return fail(FailureCode::kCancelled, {});
            }
            if (window_over()) {
                return EpochEnd::kWindow;
            }
            const std::size_t begin = std::size_t{batch} * job_.batch;
            const std::size_t count = std::min<std::size_t>(job_.batch, order_.size() - begin);
            const double left = 1 - static_cast<double>(progress_.step) / total;
            POLIS_TRY_VOID(network_.step(begin, count, job_.learning_rate * left));
            ++progress_.step;
            progress_.samples += count;
            if (now_ms() - reported_ms_ >= kProgressMs) {
                POLIS_TRY_VOID(report());
            }
        }
        ++progress_.epoch;
        return EpochEnd::kDone;
    }

    /// The window ends within an epoch: what was learned since the last evaluation counts, too.
    Verdict finish_in_window() {
        if (progress_.step == 0) {
            return fail(FailureCode::kNothingLearned, {});
        }
        POLIS_TRY_VOID(evaluate());
        return report();
    }

    Verdict evaluate() {
        const std::uint64_t began = now_ms();
        POLIS_TRY(const NetworkState state, network_.state());
        const FloatModel weights = network_.float_model(state.parameters);
        POLIS_TRY(const std::vector<float> largest, network_.largest(calibration_));
        POLIS_TRY(const exact::AdmittedModel model, quantise(plan_, weights, largest));
        POLIS_TRY(const exact::Score score, exact_score(model, job_.validation));
        progress_.accuracy_ppm =
            static_cast<std::uint32_t>(score.correct * 1'000'000 / score.count);
        if (!best_ || exact::rank(score, best_->validation) < 0) {
            best_ = BestModel{
                .model = exact::encode_model(model.model()),
                .validation = score,
                .parameters = pack_floats(state.parameters)};
        }
        reserve_ms_ = (now_ms() - began) * 3 / 2 + 20;
        return {};
    }

    /// Everything that decides how training goes on.
    [[nodiscard]] Hash fingerprint() const {
        BlobHasher hasher;
        hasher.update(exact::encode_model(plan_.model));
        const Hash train = blob_root(job_.train.samples());
        const Hash validation = blob_root(job_.validation.samples());
        hasher.update(train.view());
        hasher.update(validation.view());
        for (std::uint32_t i = 0; i < job_.train.count(); ++i) {
            hasher.update(codec::encode(job_.train.label(i)));
        }
        if (job_.mapping_seed) {  // all else has one size, so that this cannot be mistaken
            hasher.update(job_.mapping_seed->view());
        }
        hasher.update(codec::encode(job_.seed));
        hasher.update(codec::encode(epochs_));
        hasher.update(codec::encode(job_.batch));
        hasher.update(codec::encode(std::llround(job_.learning_rate * 1e9)));
        return root_of(hasher.finish());
    }

    Verdict resume() {
        if (job_.checkpoint.empty()) {
            return {};
        }
        fingerprint_ = fingerprint();
        POLIS_TRY(const NetworkState fresh, network_.state());
        POLIS_TRY(
            auto found, read_checkpoint(job_.checkpoint, fingerprint_, fresh.parameters.size()));
        if (!found) {
            return {};
        }
        POLIS_TRY_VOID(network_.restore(
            {.parameters = unpack_floats(found->parameters),
             .first_moments = unpack_floats(found->first_moments),
             .second_moments = unpack_floats(found->second_moments),
             .steps = found->steps}));
        progress_.epoch = std::min(found->epoch, epochs_);
        progress_.step = found->steps;
        progress_.samples = resumed_samples_ = found->samples;
        best_ = std::move(found->best);
        return {};
    }

    Verdict save() {
        if (job_.checkpoint.empty()) {
            return {};
        }
        POLIS_TRY(const NetworkState state, network_.state());
        return write_checkpoint(
            job_.checkpoint,
            {.job = fingerprint_,
             .epoch = progress_.epoch,
             .steps = state.steps,
             .samples = progress_.samples,
             .parameters = pack_floats(state.parameters),
             .first_moments = pack_floats(state.first_moments),
             .second_moments = pack_floats(state.second_moments),
             .best = best_});
    }

    Verdict report() {
        POLIS_TRY(const std::optional<double> loss, network_.take_loss());
        if (loss && !std::isfinite(*loss)) {
            return fail(FailureCode::kDiverged, "the loss is no number");
        }
        reported_ms_ = now_ms();
        if (loss) {
            progress_.loss_micro =
                static_cast<std::uint64_t>(std::llround(std::max(*loss, 0.0) * 1e6));
        }
        progress_.elapsed_ms = reported_ms_ - began_ms_;
        progress_.samples_per_s = (progress_.samples - resumed_samples_) * 1000 /
                                  std::max<std::uint64_t>(progress_.elapsed_ms, 1);
        if (surroundings_.progress) {
            surroundings_.progress(progress_);
        }
        return {};
    }

    Result<Trained, Failure> result(EndReason reason) {
        if (!best_) {
            return fail(FailureCode::kNothingLearned, {});
        }
        auto model = exact::decode_model(best_->model);
        if (!model) {
            return fail(FailureCode::kBadSpec, "the checkpoint holds no model; delete it");
        }
        const std::vector<float> parameters = unpack_floats(best_->parameters);
        Trained out{
            .reason = reason,
            .model = *std::move(model),
            .validation = best_->validation,
            .weights = network_.float_model(parameters),
            .test = std::nullopt,
            .progress = progress_,
            .device = network_.device()};
        if (job_.test) {
            POLIS_TRY(out.test, test(out.model, parameters));
        }
        return out;
    }

    /// Integer and float model on the same samples. The network is not trained any more.
    Result<TestScore, Failure> test(
        const exact::AdmittedModel& model, const std::vector<float>& parameters) {
        TestScore out;
        POLIS_TRY(out.exact, exact_score(model, *job_.test));
        POLIS_TRY(NetworkState state, network_.state());
        state.parameters = parameters;
        POLIS_TRY_VOID(network_.restore(state));
        POLIS_TRY(out.float_correct, network_.correct(mapped_samples(*job_.test, mapping())));
        return out;
    }

    Result<exact::Score, Failure> exact_score(
        const exact::AdmittedModel& model, const exact::DatasetView& dataset) const {
        exact::Evaluator evaluator(model);
        const auto score = exact::score(evaluator, mapping(), dataset, exact::whole(dataset));
        if (!score) {
            return fail(FailureCode::kBadData, std::string(exact::to_string(score.error())));
        }
        return *score;
    }

    // Constant after construction.
    const Job& job_;
    const Surroundings& surroundings_;
    const Plan plan_;
    Network network_;
    const std::optional<exact::Mapping> mapping_;
    std::uint32_t batches_ = 0;
    std::uint32_t epochs_ = 0;
    std::uint32_t evaluate_every_ = 1;

    std::vector<std::int64_t> calibration_;
    std::vector<std::int64_t> order_;
    Hash fingerprint_;
    std::uint64_t began_ms_ = 0;
    std::uint64_t reported_ms_ = 0;
    std::uint64_t reserve_ms_ = 0;  ///< kept free at the end of the window for the last evaluation
    std::uint64_t resumed_samples_ = 0;
    Progress progress_;
    std::optional<BestModel> best_;
};

}  // namespace

std::optional<exact::Mapping> mapping_of(
    const std::optional<Hash>& seed, const exact::Shape& shape, const exact::ModelFacts& facts) {
    if (!seed) {
        return std::nullopt;
    }
    return exact::Mapping::derive(*seed, shape, exact::Mapping::kind_for(facts));
}

Samples mapped_samples(const exact::DatasetView& dataset, const exact::Mapping* mapping) {
    Samples out;
    out.values = to_bytes(dataset.samples());
    const std::size_t size = dataset.shape().elements();
    for (std::uint32_t i = 0; i < dataset.count(); ++i) {
        out.labels.push_back(dataset.label(i));
        if (mapping != nullptr) {
            mapping->apply(dataset.sample(i), std::span(out.values).subspan(i * size, size));
        }
    }
    return out;
}

Result<Trained, Failure> train(const Job& job, const Surroundings& surroundings) {
    const std::uint64_t began_ms = surroundings.now_ms ? surroundings.now_ms() : steady_ms();
    POLIS_TRY_VOID(check(job));
    POLIS_TRY(
        Plan chosen,
        plan(
            job.model,
            job.train.shape(),
            job.train.classes(),
            /*behind_map=*/job.mapping_seed.has_value()));
    POLIS_TRY(Network network, Network::create(chosen, job.device, job.seed));
    try {
        return Training(job, surroundings, std::move(chosen), std::move(network)).run(began_ms);
    } catch (const std::bad_alloc&) {
        return fail(FailureCode::kOutOfMemory, {});
    }
}

}  // namespace polis::trainer
