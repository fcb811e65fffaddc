#include <node/validator/voter.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <core/codec/borsh.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/transaction.hpp>
#include <ledger/validation.hpp>

namespace polis::node {

namespace {

Judgement invalid(std::string reason) { return {.block = nullptr, .reason = std::move(reason)}; }

/// Signatures that this node has not verified yet.
bool signatures_valid(const ledger::CheckedBlock& block, const TxnPool& pool, WorkerPool& workers) {
    ledger::CheckedBlock unknown;
    for (const ledger::CheckedTxn& txn : block.txns) {
        if (!pool.pool().contains(txn.id)) {
            unknown.txns.push_back(txn);
        }
    }
    return ledger::check_signatures(unknown, workers).has_value();
}

}  // namespace

ledger::StoreResult<std::optional<ledger::SeatError>> Voter::seat_objection(
    const ledger::Header& header, const BlockClaim& claim, const pbft::Schedule& schedule) const {
    ledger::Chain& chain = keeper_.chain();
    POLIS_TRY(const Hash next_committee, chain.next_committee());
    const ledger::SeatContext context{
        .committee = schedule.current,
        .next_committee = next_committee,
        .previous_beacon = chain.head().beacon,
        .parent_certificate = claim.parent_certificate,
        .view_max = claim.view,
        .fresh = claim.fresh};
    const auto seat = ledger::check_seat(header, context, checker_);
    return seat ? std::optional<ledger::SeatError>{} : std::optional{seat.error()};
}

ledger::StoreResult<bool> Voter::fits(
    const ledger::Header& header, const BlockClaim& claim, const pbft::Schedule& schedule) const {
    POLIS_TRY(const auto objection, seat_objection(header, claim, schedule));
    return !objection.has_value();
}

ledger::StoreResult<Judgement> Voter::judge(
    ledger::DraftBlock block, const BlockClaim& claim, const pbft::Schedule& schedule) const {
    ledger::Chain& chain = keeper_.chain();
    auto checked = ledger::check_block(std::move(block), chain.head(), chain.rules());
    if (!checked) {
        return invalid(ledger::describe(checked.error()));
    }
    POLIS_TRY(const auto objection, seat_objection(checked->header, claim, schedule));
    if (objection) {
        return invalid(std::string(ledger::to_string(*objection)));
    }
    if (!signatures_valid(*checked, pool_, workers_)) {
        return invalid("bad signature of a transaction");
    }
    return Judgement{
        .block = std::make_shared<const ledger::CheckedBlock>(*std::move(checked)), .reason = {}};
}

ledger::StoreResult<Judgement> Voter::judge_proposal(
    ledger::DraftBlock block, const BlockClaim& claim, const pbft::Schedule& schedule) const {
    POLIS_TRY(Judgement judgement, judge(std::move(block), claim, schedule));
    if (!judgement.valid()) {
        return judgement;
    }
    POLIS_TRY(const auto fault, keeper_.chain().check_facts(*judgement.block, checker_));
    if (fault) {
        return invalid(ledger::facts::describe(*fault));
    }
    return judgement;
}

ledger::StoreResult<Judgement> Voter::judge_final(
    ledger::DraftBlock block, View decided_in, const pbft::Schedule& schedule) const {
    const BlockClaim claim{.view = decided_in, .fresh = false, .parent_certificate = std::nullopt};
    return judge(std::move(block), claim, schedule);
}

TimeMs due_at(TimeMs block_time, std::uint64_t drift_ms_max) {
    return TimeMs{block_time.value - std::min(block_time.value, drift_ms_max)};
}

bool is_whole(const pbft::Summary& summary) {
    const auto header = codec::decode<ledger::Header>(summary.header);
    const auto facts = codec::decode<std::vector<consensus::CertifiedFact>>(summary.facts);
    return header && facts && consensus::facts_root(*facts) == header->facts_root &&
           ledger::txn_root(summary.txns) == header->txn_root;
}

bool body_matches(const ledger::Block& block) {
    std::vector<Hash> ids;
    ids.reserve(block.txns.size());
    for (const ledger::Transaction& txn : block.txns) {
        ids.push_back(ledger::txn_id(codec::encode(txn)));
    }
    return ledger::txn_root(ids) == block.header.txn_root &&
           consensus::facts_root(block.facts) == block.header.facts_root;
}

}  // namespace polis::node
