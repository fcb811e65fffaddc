#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <consensus/election.hpp>
#include <consensus/pole/records.hpp>
#include <core/result.hpp>
#include <core/types.hpp>

/// How a learning round goes from one block to the next: training, revealing, scoring, settled.
/// Pure transitions of the election's records; coins are for the caller. Spec [G8] to [G14] of
/// pole.md.
namespace polis::consensus::pole {

/// When something happens: time is that of a block, never that of a clock.
struct Moment {
    Height height;
    TimeMs time;
};

/// True while the round's phase still takes what it is for: until its time is over and it has had
/// kWindowBlocksMin blocks.
[[nodiscard]] bool window_open(const Round& round, const Moment& now);

/// Opens a round after a block. @pre no round is open
/// @return the round
Round open_round(
    ElectionRecords& records, const Hash& task, const Rules& rules, const BlockView& block);

/// Why a round does not take what somebody sent.
enum class RoundError : std::uint8_t {
    kNotOpen,           ///< the open round, if any, is another task's
    kTooEarly,          ///< models and keys are revealed once training is over
    kTooLate,           ///< the window is over
    kAlreadyCommitted,  ///< one commitment a trainer
    kFull,              ///< kEntriesMax trainers
    kNotCommitted,      ///< reveals without a commitment
    kAlreadyRevealed,
    kMismatch,  ///< not the model and salt that were committed to
    kWrongKey,  ///< not the key whose hash the task names
};

struct CommitRequest {
    Hash task;
    Address trainer;
    Hash commitment;
};

/// @error kNotOpen, kTooLate, kAlreadyCommitted, kFull
[[nodiscard]] Result<void, RoundError> commit(
    ElectionRecords& records, const CommitRequest& request, const Moment& now);

struct RevealRequest {
    Hash task;
    Address trainer;
    Hash model;
    Hash salt;
    bool available = false;  ///< the chain knows already that the model's blob is available
};

/// @error kNotOpen, kTooEarly, kTooLate, kNotCommitted, kAlreadyRevealed, kMismatch
[[nodiscard]] Result<void, RoundError> reveal(
    ElectionRecords& records, const RevealRequest& request, const Moment& now);

/// @error kNotOpen, kTooEarly, kTooLate, kAlreadyRevealed, kWrongKey
[[nodiscard]] Result<void, RoundError> reveal_key(
    ElectionRecords& records, const Hash& task, const Hash& key, const Moment& now);

/// Takes the facts of a block: models that are available, scores. A test blob that is found to be
/// bad gives way to the validation blob, and scoring begins again.
void take_facts(ElectionRecords& records, std::span<const Fact> facts, const Moment& now);

enum class Step : std::uint8_t {
    kNone,
    kRevealing,  ///< training is over
    kScoring,    ///< revealing is over
    kSettle,     ///< call settle()
};

/// Moves the open round on, at most one phase a block. Costs O(entries).
Step advance(ElectionRecords& records, const BlockView& block);

/// How a round ended.
struct Settlement {
    Round round;
    std::vector<Entry> ranked;  ///< with a score, best first
    std::size_t winners = 0;    ///< so many of them reach the target: the first ones
    std::vector<Entry> others;  ///< in the order of commitment
    bool owner_failed = false;  ///< models were revealed, but no good test blob
};

/// True if the trainer did its part: it revealed, and its model could be had.
[[nodiscard]] bool kept_word(const Entry& entry);

/// Ends the open round: ranks, removes its records, and with a winner makes the order the standing;
/// without one there is none any more. @pre a round is open
[[nodiscard]] Settlement settle(ElectionRecords& records, const BlockView& block);

}  // namespace polis::consensus::pole
