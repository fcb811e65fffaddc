#include <vm/sdk/contract.hpp>
#include <vm/sdk/evaluation.hpp>

using namespace polis::sdk;

namespace {

struct Asked {
    Hash request;
    Address by;
    POLIS_STRUCT(Asked, request, by)
};

struct Graded {
    Hash request;
    bool answered;  ///< false: the validators did not find the blobs in time
    POLIS_STRUCT(Graded, request, answered)
};

/// Has models scored by the validators and keeps the scores: a public record that everybody can
/// check and nobody can write. The one who asks pays for the work.
class Grader {
  public:
    /// A model of one channel and `side` x `side` pixels, on an open dataset.
    Hash ask(Hash model, Hash data, u32 side, u32 classes) {
        const Hash request = request_score(
            ScoreJob{
                .model = model,
                .data = data,
                .channels = 1,
                .height = side,
                .width = side,
                .classes = classes,
                .model_bytes_max = kModelBytesMax,
                .multiply_adds_max = kMultiplyAddsMax,
                .seed = {}},
            "graded",
            kAnswerGas);
        emit(Asked{request, caller()});
        return request;
    }

    void graded(Hash request, Option<Bytes> answer) {
        require_evaluator();
        if (answer) {
            scores_[request] = decode<Score>(*answer, "the score");
        }
        emit(Graded{request, bool(answer)});
    }

    Option<Score> score_of(Hash request) const { return scores_[request].find(); }

  private:
    static constexpr u32 kModelBytesMax = 1U << 20;
    static constexpr u64 kMultiplyAddsMax = 1'000'000'000;
    static constexpr u64 kAnswerGas = 500'000;

    Map<Hash, Score> scores_{"score"};
};

}  // namespace

POLIS_CONTRACT(
    Grader,
    POLIS_METHOD(ask, model, data, side, classes),
    POLIS_METHOD(graded, request, answer),
    POLIS_METHOD(score_of, request),
    POLIS_EVENT(Asked),
    POLIS_EVENT(Graded))
