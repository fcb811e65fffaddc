#pragma once

#include <cstdint>

/// Deliberate bugs, to prove that the simulator finds them. They exist only in the test program
/// `polis-mutants`, which compiles this module with POLIS_MUTANTS; everywhere else broken() is the
/// constant false and the compiler removes what it guards. Used in .cpp files only, so that two
/// builds of a header can never disagree.
namespace polis::consensus {

enum class Mutant : std::uint8_t {
    kNone,
    kVotesBeforePersist,     ///< messages leave before the record is durable
    kSmallQuorum,            ///< a quorum is one vote smaller
    kPreparedDropped,        ///< a view change forgets what was prepared
    kUncheckedViewChange,    ///< a new leader chooses freely and nobody recomputes the choice
    kLowestPrepared,         ///< the choice takes the lowest prepared view, not the highest
    kFewViewChanges,         ///< f + 1 view changes justify a new view
    kPreparesTwice,          ///< a second proposal of one view is accepted too
    kVotesInOldViews,        ///< a view change does not end the views below
    kForgetsVotes,           ///< a restart begins with an empty record
    kTrustsOldRecord,        ///< a record behind the chain is not quarantined
    kCommitsUnprepared,      ///< commits to a proposal that no quorum has prepared
    kCountsRepeats,          ///< a vote counts as often as it arrives
    kUncheckedSignatures,    ///< signatures of ballots are not verified
    kUncheckedCertificates,  ///< signatures in certificates are not verified
    kStaleCommittee,         ///< the new term is voted on by the old committee
    kUnstableSort,           ///< equal stakes are ordered by chance
    kOneDragsAll,            ///< one member's view change moves everybody
    kNeverResends,           ///< what was lost is not said again
    kBodyNotStored,          ///< commits are sent before the block is on disk
    kForgetsOwnCommit,       ///< a restarted member does not repeat its commit
    kMixesViews,             ///< commits of different views make one certificate
    kAccusesHonest,          ///< any commit followed by a view change is taken for a crime
};

inline constexpr Mutant kMutantLast = Mutant::kAccusesHonest;

#ifdef POLIS_MUTANTS
/// Chosen once, before any thread starts.
extern Mutant active_mutant;

inline bool broken(Mutant mutant) { return active_mutant == mutant; }
#else
constexpr bool broken(Mutant /*mutant*/) { return false; }
#endif

}  // namespace polis::consensus
