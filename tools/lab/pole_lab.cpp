#include <tools/lab/pole_lab.hpp>

#include <utility>

#include <fmt/format.h>

#include <ml/exact/mapping.hpp>
#include <ml/exact/model.hpp>

namespace polis::tools::lab {

namespace {

/// Every subject with every seed, without a map and behind one.
std::vector<TrainOrder> orders_of(const PoleLabOptions& options) {
    std::vector<TrainOrder> out;
    for (const Subject& subject : options.subjects) {
        for (std::uint64_t seed = 1; seed <= options.seeds; ++seed) {
            for (const bool mapped : {false, true}) {
                out.push_back(
                    {.data = options.data,
                     .model = subject.model,
                     .seed = seed,
                     .epochs = subject.epochs,
                     .map = mapped ? std::optional(map_seed(seed, 0)) : std::nullopt});
            }
        }
    }
    return out;
}

class Evaluations {
  public:
    Evaluations(const PoleLabOptions& options, PoleLab& out) : options_(options), out_(out) {}

    Fallible<void> add(const TrainOrder& order, const TrainRun& run) {
        POLIS_TRY(const Bytes file, test_samples(order.data, order.seed));
        const auto test = exact::DatasetView::open(file);
        const auto model = exact::decode_model(run.model);
        if (!test || !model) {
            return std::unexpected(Failure("the trainer wrote a model that cannot be read"));
        }
        out_.classes = test->classes();
        std::optional<exact::Mapping> map;
        if (order.map) {
            map = exact::Mapping::derive(
                *order.map, test->shape(), exact::Mapping::kind_for(model->facts()));
        }
        POLIS_TRY(const exact::Score score, score_of(*model, map ? &*map : nullptr, *test));
        if (score.correct != run.correct) {
            return std::unexpected(Failure(fmt::format(
                "the trainer counts {} right answers and this program {}: the same integers must "
                "give the same score; report it",
                run.correct,
                score.correct)));
        }
        const std::string name = trainer::to_text(order.model);
        out_.accuracy.push_back(
            {.model = name,
             .mapped = order.map.has_value(),
             .seed = order.seed,
             .test = score,
             .floats = run.floats,
             .duration_ms = run.duration_ms});
        if (order.map) {
            POLIS_TRY(Theft theft, steal(*model, *test, order.seed, options_.thieves));
            out_.thefts.push_back({name, order.seed, std::move(theft)});
        }
        return {};
    }

  private:
    const PoleLabOptions& options_;
    PoleLab& out_;
};

}  // namespace

Fallible<PoleLab> run_pole_lab(const PoleLabOptions& options, const devnet::Say& say) {
    PoleLab out;
    const std::vector<TrainOrder> orders = orders_of(options);
    POLIS_TRY(const std::vector<TrainRun> runs, train_all(options.workshop, orders, say));
    say(fmt::format("presenting models behind the maps of {} thieves", options.thieves));
    Evaluations evaluations(options, out);
    for (std::size_t i = 0; i < orders.size(); ++i) {
        POLIS_TRY_VOID(evaluations.add(orders[i], runs[i]));
    }
    out.copy = copy_commitment();
    if (options.blocks) {
        POLIS_TRY(out.paces, measure_intervals(options.intervals, say));
    }
    return out;
}

std::uint64_t chance_ppm(const PoleLab& lab) {
    return lab.classes == 0 ? 0 : 1'000'000 / lab.classes;
}

}  // namespace polis::tools::lab
