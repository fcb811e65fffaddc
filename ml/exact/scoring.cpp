#include <ml/exact/scoring.hpp>

#include <algorithm>
#include <vector>

#include <core/check.hpp>

namespace polis::exact {

namespace {

/// One sample.
Score judge(std::span<const std::int32_t> logits, std::uint32_t label) {
    return {
        .correct = argmax(logits) == label ? 1U : 0U,
        .cross_entropy = cross_entropy_q16(logits, label),
        .count = 1};
}

}  // namespace

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
    const std::size_t inputs = evaluator.inputs();
    Bytes mapped(mapping != nullptr ? evaluator.batch() * inputs : 0);
    std::vector<std::int32_t> logits(evaluator.batch() * evaluator.classes());
    for (std::uint32_t begin = range.begin; begin < range.end;) {
        const auto count = std::min<std::size_t>(evaluator.batch(), range.end - begin);
        ByteView samples = dataset.samples().subspan(begin * inputs, count * inputs);
        if (mapping != nullptr) {
            for (std::size_t k = 0; k < count; ++k) {
                const auto own = std::span(mapped).subspan(k * inputs, inputs);
                mapping->apply(samples.subspan(k * inputs, inputs), own);
            }
            samples = ByteView(mapped).first(count * inputs);
        }
        const auto found = std::span(logits).first(count * evaluator.classes());
        evaluator.logits(samples, found);
        for (std::size_t k = 0; k < count; ++k, ++begin) {
            out += judge(
                found.subspan(k * evaluator.classes(), evaluator.classes()), dataset.label(begin));
        }
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
