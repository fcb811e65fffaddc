#include <ml/exact/scoring.hpp>

#include <core/check.hpp>

namespace polis::exact {

Score& Score::operator+=(const Score& other) {
    correct += other.correct;
    cross_entropy += other.cross_entropy;
    count += other.count;
    return *this;
}

std::strong_ordering rank(const Score& left, const Score& right) {
    if (left.correct != right.correct) {
        return right.correct <=> left.correct;
    }
    return left.cross_entropy <=> right.cross_entropy;
}

Result<Score, ScoreError> score(
    Evaluator& evaluator, const Mapping* mapping, const DatasetView& dataset, SampleRange range) {
    if (!evaluator.model().accepts(dataset.shape())) {
        return std::unexpected(ScoreError::kShapeMismatch);
    }
    if (evaluator.classes() != dataset.classes()) {
        return std::unexpected(ScoreError::kClassMismatch);
    }
    if (mapping != nullptr && mapping->shape() != dataset.shape()) {
        return std::unexpected(ScoreError::kMappingMismatch);
    }
    if (range.begin > range.end || range.end > dataset.count()) {
        return std::unexpected(ScoreError::kBadRange);
    }
    Score out;
    Bytes mapped(mapping != nullptr ? dataset.shape().elements() : 0);
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
        ByteView sample = dataset.sample(i);
        if (mapping != nullptr) {
            mapping->apply(sample, mapped);
            sample = mapped;
        }
        const std::span<const std::int32_t> logits = evaluator.logits(sample);
        out +=
            {.correct = argmax(logits) == dataset.label(i) ? 1U : 0U,
             .cross_entropy = cross_entropy_q16(logits, dataset.label(i)),
             .count = 1};
    }
    return out;
}

std::string_view to_string(ScoreError error) {
    switch (error) {
        case ScoreError::kShapeMismatch:
            return "the model takes samples of another shape: train it for this dataset";
        case ScoreError::kClassMismatch:
            return "the model has another number of classes: train it for this dataset";
        case ScoreError::kMappingMismatch:
            return "the map is for samples of another shape: derive it for this dataset";
        case ScoreError::kBadRange:
            return "the range leaves the dataset: choose samples that it has";
    }
    return "unknown";
}

}  // namespace polis::exact
