// Samples of a test set a second on one core, with both kernels.
#include <benchmark/benchmark.h>

#include <core/random.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/scoring.hpp>
#include <tests/ml/exact/models.hpp>

namespace polis::exact {
namespace {

constexpr std::uint32_t kSamples = 1000;

/// Scores a test set of 28x28 images; the counter is seconds for 10,000 of them.
void score_samples(benchmark::State& state, Model (*make)(Random&), const Mapping* mapping) {
    const auto kernel = static_cast<Kernel>(state.range(0));
    if (!has_kernel(kernel)) {
        state.SkipWithError("this processor has no AVX2");
        return;
    }
    Random random(5);
    const auto model = admit(make(random));
    const Bytes file = tests::random_dataset(random, {1, 28, 28}, 10, kSamples);
    const auto dataset = DatasetView::open(file);
    Evaluator evaluator(*model, kernel);
    for (auto _ : state) {
        benchmark::DoNotOptimize(score(evaluator, mapping, *dataset, whole(*dataset)));
    }
    state.SetItemsProcessed(state.iterations() * kSamples);
    state.counters["s/10k"] = benchmark::Counter(
        static_cast<double>(state.iterations()) * kSamples / 10'000,
        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

Model make_mlp(Random& random) { return tests::mlp(random, 784, 64, 10); }

Model make_lenet(Random& random) { return tests::lenet(random, 10); }

void mlp_784_64_10(benchmark::State& state) { score_samples(state, make_mlp, nullptr); }

void mlp_behind_map(benchmark::State& state) {
    const Mapping map = Mapping::derive(Hash{{1}}, {1, 28, 28}, Mapping::Kind::kFlat);
    score_samples(state, make_mlp, &map);
}

void lenet(benchmark::State& state) { score_samples(state, make_lenet, nullptr); }

BENCHMARK(mlp_784_64_10)->Arg(1)->Arg(2)->ArgName("kernel");
BENCHMARK(mlp_behind_map)->Arg(1)->Arg(2)->ArgName("kernel");
BENCHMARK(lenet)->Arg(1)->Arg(2)->ArgName("kernel")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace polis::exact
