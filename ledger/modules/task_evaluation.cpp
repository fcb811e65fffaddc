#include <ledger/modules/task_evaluation.hpp>

#include <algorithm>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/secret.hpp>
#include <core/integer.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/task_sealing.hpp>
#include <ml/exact/model.hpp>

namespace polis::ledger::tasks {

namespace pole = consensus::pole;

Evaluation::Evaluation(const ScoreWanted& wanted, ByteView model, ByteView data) {
    if (!open(wanted, data)) {
        dataset_.reset();
        result_ = pole::bad_data();
    } else if (!decode(wanted, model)) {
        result_ = pole::bad_model();
    }
}

bool Evaluation::open(const ScoreWanted& wanted, ByteView data) {
    if (wanted.key) {
        auto opened = unseal(crypto::Secret32(wanted.key->view()), data);
        if (!opened) {
            return false;
        }
        opened_ = *std::move(opened);
        data = opened_;
    }
    const auto view = exact::DatasetView::open(data);
    if (!view) {
        return false;
    }
    dataset_ = *view;
    return view->shape() == wanted.limits.input && view->classes() == wanted.limits.classes;
}

bool Evaluation::decode(const ScoreWanted& wanted, ByteView model) {
    if (model.size() > wanted.limits.model_bytes_max) {
        return false;
    }
    const auto admitted = exact::decode_model(model);
    if (!admitted) {
        return false;
    }
    const exact::ModelFacts& facts = admitted->facts();
    const u128 cost = wide_mul(facts.multiply_adds, dataset_->count());
    if (!admitted->accepts(wanted.limits.input) || facts.classes != wanted.limits.classes ||
        facts.multiply_adds > wanted.limits.multiply_adds_max ||
        cost > wanted.multiply_adds_all_max) {
        return false;
    }
    if (wanted.is_mapped) {
        mapping_ = exact::Mapping::derive(
            wanted.seed, wanted.limits.input, exact::Mapping::kind_for(facts));
    }
    evaluator_.emplace(*admitted);
    return true;
}

bool Evaluation::step(std::uint32_t samples) {
    if (result_) {
        return true;
    }
    const std::uint32_t end = next_ + std::min(samples, dataset_->count() - next_);
    const auto slice = exact::score(
        *evaluator_, mapping_ ? &*mapping_ : nullptr, *dataset_, {.begin = next_, .end = end});
    POLIS_ASSERT(slice.has_value());  // shapes were compared
    score_ += *slice;
    next_ = end;
    if (next_ < dataset_->count()) {
        return false;
    }
    result_ = pole::ScoreResult{
        .verdict = pole::Verdict::kScored,
        .correct = score_.correct,
        .cross_entropy = score_.cross_entropy,
        .count = score_.count};
    return true;
}

pole::ScoreResult Evaluation::result() const {
    POLIS_ASSERT(result_.has_value());
    return *result_;
}

consensus::Fact evaluate(const ScoreWanted& wanted, ByteView model, ByteView data) {
    Evaluation evaluation(wanted, model, data);
    const bool done = evaluation.step(UINT32_MAX);
    POLIS_ASSERT(done);
    return score_fact(wanted, evaluation.result());
}

consensus::Fact score_fact(const ScoreWanted& wanted, const pole::ScoreResult& result) {
    return {.kind = wanted.kind, .subject = wanted.subject, .result = codec::encode(result)};
}

}  // namespace polis::ledger::tasks
