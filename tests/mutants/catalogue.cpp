#include <tests/mutants/catalogue.hpp>

#include <array>

#include <consensus/mutants.hpp>
#include <core/check.hpp>

namespace polis::consensus {

Mutant active_mutant = Mutant::kNone;

}  // namespace polis::consensus

namespace polis::mutants {

namespace {

constexpr std::array kAll{
    Entry{"votes-before-persist", "messages leave before the record is durable"},
    Entry{"small-quorum", "a quorum is one vote smaller"},
    Entry{"prepared-dropped", "a view change forgets what was prepared"},
    Entry{"unchecked-view-change", "a new leader chooses freely, and nobody recomputes it"},
    Entry{"lowest-prepared", "the lowest prepared view is proposed again, not the highest"},
    Entry{"few-view-changes", "f + 1 view changes justify a new view"},
    Entry{"prepares-twice", "a second proposal of one view is accepted too"},
    Entry{"votes-in-old-views", "a view change does not end the views below"},
    Entry{"forgets-votes", "a restart begins with an empty record"},
    Entry{"trusts-old-record", "a record behind the chain is not quarantined"},
    Entry{"commits-unprepared", "commits to what no quorum has prepared"},
    Entry{"counts-repeats", "a vote counts as often as it arrives"},
    Entry{"unchecked-signatures", "signatures of ballots are not verified"},
    Entry{"unchecked-certificates", "signatures in certificates are not verified"},
    Entry{"stale-committee", "the new term is voted on by the old committee"},
    Entry{"unstable-sort", "equal stakes are ordered by chance"},
    Entry{"one-drags-all", "one member's view change moves everybody"},
    Entry{"never-resends", "what was lost is not said again"},
    Entry{"body-not-stored", "commits are sent before the block is on disk"},
    Entry{"forgets-own-commit", "a restarted member does not repeat its commit"},
    Entry{"mixes-views", "commits of different views make one certificate"},
    Entry{"accuses-honest", "a commit followed by any view change is taken for a crime"},
};
static_assert(kAll.size() == static_cast<std::size_t>(consensus::kMutantLast));

}  // namespace

std::span<const Entry> all() { return kAll; }

void activate(std::optional<std::size_t> index) {
    POLIS_ASSERT(!index || *index < kAll.size());
    consensus::active_mutant = static_cast<consensus::Mutant>(index ? *index + 1 : std::size_t{0});
}

}  // namespace polis::mutants
