#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string_view>

#include <core/codec/borsh.hpp>
#include <core/result.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/inference.hpp>
#include <ml/exact/mapping.hpp>

namespace polis::exact {

/// What a model achieves on samples. Scores of disjoint slices add up.
/// Spec: docs/spec/models.md [M11] to [M13].
struct Score {
    std::uint64_t correct = 0;        ///< samples whose argmax is the label
    std::uint64_t cross_entropy = 0;  ///< sum over samples, Q16 nats
    std::uint64_t count = 0;          ///< samples

    bool operator==(const Score&) const = default;
    static constexpr auto kFields =
        codec::fields(&Score::correct, &Score::cross_entropy, &Score::count);

    Score& operator+=(const Score& other);
};

/// `less` ranks first: more correct answers, then the lower cross entropy. Equal scores are ranked
/// by their callers (protocol.md 3.2: H(commit, beacon)). For scores on the same samples.
[[nodiscard]] std::strong_ordering rank(const Score& left, const Score& right);

/// The cross entropy of one sample: Q16 nats, integers only.
/// 2^-x by a table of 257 entries with linear interpolation, log2 by 16 squarings.
/// @param logits Q15.16. @pre label < logits.size() <= kClassesMax, not empty
[[nodiscard]] std::uint64_t cross_entropy_q16(
    std::span<const std::int32_t> logits, std::uint32_t label);

/// 2^(-i/256) in Q30, i from 0 to 256: data, not computed, so that no library can differ.
[[nodiscard]] std::span<const std::uint32_t, 257> exp2_table();

/// Why a model has no score on a dataset.
enum class ScoreError : std::uint8_t {
    kShapeMismatch,    ///< the model does not accept samples of the dataset's shape
    kClassMismatch,    ///< the model has another number of classes
    kMappingMismatch,  ///< the map was derived for another shape
    kBadRange,         ///< the range leaves the dataset
};

/// Cause and cure in a line.
[[nodiscard]] std::string_view to_string(ScoreError error);

/// Samples [begin, end) of a dataset.
struct SampleRange {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
};

[[nodiscard]] inline SampleRange whole(const DatasetView& dataset) { return {0, dataset.count()}; }

/// Evaluates samples of a dataset. A long dataset is scored in slices, whose scores add up, so that
/// a background thread can stop between them.
/// @param mapping the owner's map, or null for none
/// @error every ScoreError. Cost: (end - begin) * multiply_adds.
[[nodiscard]] Result<Score, ScoreError> score(
    Evaluator& evaluator, const Mapping* mapping, const DatasetView& dataset, SampleRange range);

}  // namespace polis::exact
