#include <ledger/modules/terms.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include <consensus/dpos/select.hpp>
#include <core/check.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/state/record.hpp>

namespace polis::ledger::terms {

namespace {

using consensus::Member;
using consensus::Ranking;

StateKey terms_key() { return StateKey(RecordKind::kTerms, {}); }

/// By stake, in turn: what holds while no election has spoken.
Ranking plain_ranking(std::size_t members) {
    Ranking out{.order = std::vector<consensus::MemberIndex>(members), .rotates = true};
    std::iota(out.order.begin(), out.order.end(), consensus::MemberIndex{0});
    return out;
}

consensus::Committee plain_committee(
    const Params& params, Term term, const std::vector<Member>& members) {
    return {
        .chain = params.chain_id,
        .term = term,
        .members = members,
        .ranking = plain_ranking(members.size())};
}

}  // namespace

StoreResult<TermRecord> load_terms(StateView& state) {
    POLIS_TRY(auto record, load_record<TermRecord>(state, terms_key()));
    if (!record) {
        return std::unexpected(StoreError{StoreErrc::kCorrupt, "the state has no term record"});
    }
    if (!is_permutation(record->ranking, record->members.size())) {
        return std::unexpected(StoreError{
            StoreErrc::kCorrupt, "the term record's ranking is no order of its members"});
    }
    return *std::move(record);
}

consensus::Committee committee(const Params& params, const TermRecord& record) {
    return {
        .chain = params.chain_id,
        .term = record.term,
        .members = record.members,
        .ranking = record.ranking};
}

consensus::Committee next_committee(const Params& params, const TermRecord& record) {
    return plain_committee(params, Term{record.term.value + 1}, record.next);
}

std::optional<consensus::Committee> previous_committee(
    const Params& params, const TermRecord& record) {
    if (record.term == Term{}) {
        return std::nullopt;
    }
    return plain_committee(params, Term{record.term.value - 1}, record.previous);
}

StoreResult<Hash> save_first_term(Journal& state, const std::vector<Member>& members) {
    POLIS_ASSERT_OP(members.size(), <=, kCommitteeMax);
    const TermRecord first{
        .term = {},
        .members = members,
        .ranking = plain_ranking(members.size()),
        .next = members,
        .previous = {}};
    POLIS_TRY_VOID(save_record(state, terms_key(), first));
    return consensus::committee_hash(members);
}

StoreResult<void> roll(
    Journal& state, const Params& params, const consensus::Election& election, const Hash& beacon) {
    POLIS_TRY(TermRecord record, load_terms(state));
    record.term.value += 1;
    record.previous = std::exchange(record.members, std::move(record.next));
    ElectionJournal records(state, params.election);
    record.ranking = election.rank(record.term, record.members, beacon, records);
    POLIS_TRY_VOID(records.finish());
    POLIS_ASSERT(is_permutation(record.ranking, record.members.size()));
    POLIS_TRY(auto contenders, staking::contenders(state, params));
    record.next = consensus::dpos::select(
        std::move(contenders), params.committee_size_max, /*incumbent=*/record.members);
    return save_record(state, terms_key(), record);
}

StoreResult<void> pass_over(Journal& state, View view) {
    if (view == View{}) {
        return {};
    }
    POLIS_TRY(auto record, load_record<TermRecord>(state, terms_key()));
    if (!record || record->ranking.rotates || record->ranking.order.empty()) {
        return {};
    }
    std::vector<consensus::MemberIndex>& order = record->ranking.order;
    const auto failed = static_cast<std::ptrdiff_t>(view.value % order.size());
    std::ranges::rotate(order, order.begin() + failed);
    return save_record(state, terms_key(), *record);
}

const consensus::Election* election_of(const Params& params) {
    return consensus::find_election(to_string(params.election));
}

}  // namespace polis::ledger::terms
