// Samples a second, each beside a bare loop over libtorch on the same data and architecture: the
// trainer's steps, and the exact inference that validators score models with. All on one core.
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>
#include <torch/optim/adam.h>

#include <core/random.hpp>
#include <ml/exact/inference.hpp>
#include <ml/torch/network.hpp>
#include <tests/ml/exact/models.hpp>

namespace polis::trainer {
namespace {

constexpr std::int64_t kSamples = 6'400;
constexpr std::int64_t kBatch = 64;
constexpr std::int64_t kRows = 100;  ///< of an inference: what suits the library

Samples random_samples() {
    Samples out;
    out.values.resize(kSamples * 784);
    Random random(1);
    random.fill(out.values);
    for (std::int64_t i = 0; i < kSamples; ++i) {
        out.labels.push_back(static_cast<std::int64_t>(random.below(10)));
    }
    return out;
}

void trainer_loop(benchmark::State& state, const ModelSpec& spec) {
    set_up_torch();
    const auto chosen = plan(spec, {1, 28, 28}, 10, /*behind_map=*/false);
    auto network = Network::create(*chosen, "cpu", 1);
    std::vector<std::int64_t> order(kSamples);
    std::iota(order.begin(), order.end(), 0);
    bool ok =
        network->load(random_samples()).has_value() && network->begin_epoch(order).has_value();
    std::size_t at = 0;
    for (auto unused : state) {
        (void)unused;
        ok = network->step(at, kBatch, 0.001).has_value() && ok;
        at = (at + kBatch) % kSamples;
    }
    if (!ok) {
        state.SkipWithError("the library failed");
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
}

torch::nn::Sequential bare_mlp() {
    using namespace torch::nn;
    return Sequential(Flatten(), Linear(784, 64), ReLU(), Linear(64, 10));
}

torch::nn::Sequential bare_lenet() {
    using namespace torch::nn;
    return Sequential(
        Conv2d(Conv2dOptions(1, 6, 5).padding(2)),
        ReLU(),
        MaxPool2d(2),
        Conv2d(Conv2dOptions(6, 16, 5)),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(400, 120),
        ReLU(),
        Linear(120, 84),
        ReLU(),
        Linear(84, 10));
}

/// What a tutorial does: floats in memory, index_select, forward, backward, Adam.
void bare_loop(benchmark::State& state, torch::nn::Sequential network) {
    at::set_num_threads(1);
    Samples samples = random_samples();
    const at::Tensor values = at::from_blob(samples.values.data(), {kSamples, 1, 28, 28}, at::kByte)
                                  .to(at::kFloat)
                                  .div_(255);
    const at::Tensor labels = at::from_blob(samples.labels.data(), {kSamples}, at::kLong).clone();
    const at::Tensor order = at::arange(kSamples, at::kLong);
    torch::optim::Adam adam(network->parameters(), torch::optim::AdamOptions(0.001));
    std::int64_t at = 0;
    for (auto unused : state) {
        (void)unused;
        const at::Tensor indexes = order.narrow(0, at, kBatch);
        const at::Tensor logits = network->forward(values.index_select(0, indexes));
        const at::Tensor loss = at::cross_entropy_loss(logits, labels.index_select(0, indexes));
        adam.zero_grad();
        loss.backward();
        adam.step();
        at = (at + kBatch) % kSamples;
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
}

void bare_libtorch_mlp64(benchmark::State& state) { bare_loop(state, bare_mlp()); }

void trainer_mlp64(benchmark::State& state) {
    trainer_loop(state, {.kind = "mlp", .hidden = {64}});
}

void bare_libtorch_lenet(benchmark::State& state) { bare_loop(state, bare_lenet()); }

void trainer_lenet(benchmark::State& state) {
    trainer_loop(state, {.kind = "lenet", .hidden = {}});
}

/// Floats forward, in the batches that suit the library; bytes come in, as validators have them.
void float_inference(benchmark::State& state, torch::nn::Sequential network) {
    at::set_num_threads(1);
    const at::NoGradGuard no_gradients;
    Samples samples = random_samples();
    const at::Tensor bytes = at::from_blob(samples.values.data(), {kSamples, 1, 28, 28}, at::kByte);
    std::int64_t at = 0;
    for (auto unused : state) {
        (void)unused;
        const at::Tensor batch = bytes.narrow(0, at, kRows).to(at::kFloat).div_(255);
        benchmark::DoNotOptimize(network->forward(batch).argmax(1).sum());
        at = (at + kRows) % kSamples;
    }
    state.SetItemsProcessed(state.iterations() * kRows);
}

void exact_inference(benchmark::State& state, exact::Model model) {
    const auto admitted = exact::admit(std::move(model));
    exact::Evaluator evaluator(*admitted);
    const Samples samples = random_samples();
    const std::size_t bytes = kRows * evaluator.inputs();
    std::vector<std::int32_t> logits(kRows * evaluator.classes());
    std::size_t at = 0;
    for (auto unused : state) {
        (void)unused;
        evaluator.logits(ByteView(samples.values).subspan(at, bytes), logits);
        for (std::size_t row = 0; row < logits.size(); row += evaluator.classes()) {
            benchmark::DoNotOptimize(
                exact::argmax(std::span(logits).subspan(row, evaluator.classes())));
        }
        at = (at + bytes) % samples.values.size();
    }
    state.SetItemsProcessed(state.iterations() * kRows);
}

void float_inference_mlp64(benchmark::State& state) { float_inference(state, bare_mlp()); }

void exact_inference_mlp64(benchmark::State& state) {
    Random random(5);
    exact_inference(state, exact::tests::mlp(random, 784, 64, 10));
}

void float_inference_lenet(benchmark::State& state) { float_inference(state, bare_lenet()); }

void exact_inference_lenet(benchmark::State& state) {
    Random random(5);
    exact_inference(state, exact::tests::lenet(random, 10));
}

BENCHMARK(float_inference_mlp64);
BENCHMARK(exact_inference_mlp64);
BENCHMARK(float_inference_lenet);
BENCHMARK(exact_inference_lenet);
BENCHMARK(bare_libtorch_mlp64);
BENCHMARK(trainer_mlp64);
BENCHMARK(bare_libtorch_lenet);
BENCHMARK(trainer_lenet);

}  // namespace
}  // namespace polis::trainer
