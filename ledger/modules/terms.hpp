#pragma once

#include <vector>

#include <consensus/committee.hpp>
#include <consensus/election.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/params.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>

/// Who votes, in the state: one record that rolls when a term ends, so that members are known a
/// term ahead and every proof of state covers them. Spec [K17] to [K20] of staking.md.
namespace polis::ledger::terms {

/// In the state after a block, it describes the term of the *next* block.
struct TermRecord {
    Term term;
    std::vector<consensus::Member> members;  ///< vote in `term`
    consensus::Ranking ranking;              ///< of the members
    std::vector<consensus::Member> next;     ///< vote in the term after it
    /// Voted in the term before it; none in term 0. Facts that they signed late are still taken.
    std::vector<consensus::Member> previous;

    bool operator==(const TermRecord&) const = default;
    static constexpr auto kFields = codec::fields(
        &TermRecord::term,
        codec::bounded(&TermRecord::members, kCommitteeMax),
        &TermRecord::ranking,
        codec::bounded(&TermRecord::next, kCommitteeMax),
        codec::bounded(&TermRecord::previous, kCommitteeMax));
};

/// @error kCorrupt if there is none, or one whose ranking does not order its members
[[nodiscard]] StoreResult<TermRecord> load_terms(StateView& state);

/// Who votes and proposes in the record's term.
[[nodiscard]] consensus::Committee committee(const Params& params, const TermRecord& record);

/// Who votes in the term after it. How they are ranked is decided when the record's term ends;
/// until then they stand in the order of their stake and rotate.
[[nodiscard]] consensus::Committee next_committee(const Params& params, const TermRecord& record);

/// Who voted in the term before it, ranked plainly: for their signatures under facts and under the
/// last certificate. Nothing in term 0.
[[nodiscard]] std::optional<consensus::Committee> previous_committee(
    const Params& params, const TermRecord& record);

/// Writes the record of a genesis: these members vote in the terms 0 and 1.
/// @return their hash, for the genesis and block 0. @pre at most kCommitteeMax members
[[nodiscard]] StoreResult<Hash> save_first_term(
    Journal& state, const std::vector<consensus::Member>& members);

/// Begins the next term: who was next votes, ranked by the election, and stake chooses who is next
/// now. @param beacon of the block that ends the term
/// Costs O(candidates).
[[nodiscard]] StoreResult<void> roll(
    Journal& state, const Params& params, const consensus::Election& election, const Hash& beacon);

/// Those who did not get a block through while they led go to the end of a ranking that does not
/// rotate, for the rest of the term: a first rank that is gone costs one view and not one for each
/// height. A ranking that rotates passes them over by itself.
/// @param view of the block's header: so many members failed before its proposer. A state without a
/// record has nothing to change; the end of the term finds that out.
[[nodiscard]] StoreResult<void> pass_over(Journal& state, View view);

/// The election that the parameters name; null if this program does not have it.
[[nodiscard]] const consensus::Election* election_of(const Params& params);

}  // namespace polis::ledger::terms
