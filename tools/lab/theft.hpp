#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <consensus/pole/round.hpp>
#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ml/exact/dataset.hpp>
#include <ml/exact/model.hpp>
#include <ml/exact/scoring.hpp>
#include <tools/failure.hpp>

/// What a model is worth to somebody who did not train it.
namespace polis::tools::lab {

/// The map's seed of the participant with this number, by the chain's rule, in a round of the lab.
[[nodiscard]] Hash map_seed(std::uint64_t round, std::size_t participant);

/// The samples that `polis-trainer train --data NAME --seed SEED` tests on.
/// @error the data cannot be read or divided
[[nodiscard]] Fallible<Bytes> test_samples(const std::string& name, std::uint64_t seed);

/// What a model scores on all samples. @param map null for none
/// @error the model does not fit the samples
[[nodiscard]] Fallible<exact::Score> score_of(
    const exact::AdmittedModel& model, const exact::Mapping* map, const exact::DatasetView& test);

struct Theft {
    exact::Score own;                   ///< behind its owner's map
    std::uint64_t thieves = 0;          ///< who present the model behind their own maps
    std::uint64_t stolen_sum = 0;       ///< right answers, all thieves together
    std::uint64_t stolen_most = 0;      ///< right answers of the luckiest one
    std::optional<exact::Score> moved;  ///< of the first thief, who moved the first layer's weights
    std::string why_not_moved;          ///< where that is impossible
};

/// Presents the model of participant 0 of a round behind the maps of others.
/// @error the model does not fit the samples
[[nodiscard]] Fallible<Theft> steal(
    const exact::AdmittedModel& model,
    const exact::DatasetView& test,
    std::uint64_t round,
    std::size_t thieves);

/// What the chain's own rules say to somebody who repeats the commitment of another trainer, and
/// to that trainer, when both reveal the same model.
struct CopiedCommitment {
    bool taken = false;                                    ///< the copy of the commitment
    std::optional<consensus::pole::RoundError> at_reveal;  ///< what the copyist is told
    bool owner_revealed = false;
};

[[nodiscard]] CopiedCommitment copy_commitment();

}  // namespace polis::tools::lab
