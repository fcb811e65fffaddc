#include <node/validator/proposer.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include <consensus/pbft/beacon.hpp>
#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/facts.hpp>

namespace polis::node {

std::vector<Hash> ids_of(const ledger::CheckedBlock& block) {
    std::vector<Hash> out;
    out.reserve(block.txns.size());
    for (const ledger::CheckedTxn& txn : block.txns) {
        out.push_back(txn.id);
    }
    return out;
}

pbft::Summary summary_of(const ledger::CheckedBlock& block) {
    return {
        .header = codec::encode(block.header),
        .txns = ids_of(block),
        .facts = codec::encode(block.facts)};
}

ledger::Block plain(const ledger::CheckedBlock& block) {
    ledger::Block out{.header = block.header, .txns = {}, .facts = block.facts};
    out.txns.reserve(block.txns.size());
    for (const ledger::CheckedTxn& txn : block.txns) {
        out.txns.push_back(txn.txn);
    }
    return out;
}

/// Facts and header have their own part of a block's bytes.
ledger::BlockSpace Proposer::space(Height height) {
    constexpr std::size_t kTxnsBytesMax =
        ledger::kBlockBytesMax - pbft::kFactsBytesMax - 2 * pbft::kHeaderBytesMax;
    return {
        .gas_max = tools_.keeper.chain().params().block_gas_max,
        .bytes_max = kTxnsBytesMax,
        .count_max = std::min({txns_max_, ledger::kBlockTxnsMax, pbft::kProposalTxnsMax}),
        .height = height};
}

ledger::StoreResult<void> Proposer::prepare(const pbft::BuildAhead& hint) {
    POLIS_TRY(const BlockPtr parent, tools_.keeper.find(hint.parent));
    if (parent == nullptr) {
        return {};
    }
    const std::vector<Hash> taken = ids_of(*parent);
    ahead_ = Ahead{
        hint.height,
        tools_.pool.pool().select(space(hint.height), std::set<Hash>(taken.begin(), taken.end()))};
    return {};
}

/// What was chosen ahead is used if it fills the block and still waits; otherwise later arrivals
/// have their chance.
std::vector<ledger::CheckedTxn> Proposer::choose_txns(Height height) {
    const ledger::Mempool& pool = tools_.pool.pool();
    const std::optional<Ahead> ahead = std::exchange(ahead_, std::nullopt);
    const ledger::BlockSpace room = space(height);
    const bool usable = ahead && ahead->height == height && ahead->txns.size() == room.count_max &&
                        std::ranges::all_of(ahead->txns, [&pool](const ledger::TxnPtr& txn) {
                            return pool.contains(txn->id);
                        });
    std::vector<ledger::CheckedTxn> out;
    for (const ledger::TxnPtr& txn : usable ? ahead->txns : pool.select(room)) {
        out.push_back(*txn);
    }
    return out;
}

/// Forgets the facts that the election refuses one by one, so that they do not stand in the way of
/// the others. @return false if it only refuses them together
ledger::StoreResult<bool> Proposer::drop_refused(
    const ledger::BlockPlan& plan, const std::vector<consensus::CertifiedFact>& facts) {
    bool dropped = false;
    ledger::Chain& chain = tools_.keeper.chain();
    for (const consensus::CertifiedFact& fact : facts) {
        ledger::BlockPlan trial = plan;
        trial.facts = {fact};
        const auto block = ledger::make_block(chain.head(), std::move(trial), {});
        POLIS_TRY(
            const auto objection,
            ledger::facts::election_objects(chain.state(), chain.params(), block));
        if (objection) {
            tools_.facts.drop(consensus::key_of(fact.fact));
            dropped = true;
        }
    }
    return dropped;
}

/// Certified facts that this block may hold. One whose certificate does not count any more is
/// forgotten; if the election objects to some only together, the block goes without facts and a
/// later one tries again.
ledger::StoreResult<std::vector<consensus::CertifiedFact>> Proposer::choose_facts(
    const ledger::BlockPlan& plan) {
    for (;;) {
        ledger::BlockPlan trial = plan;
        trial.facts = tools_.facts.choose(consensus::kBlockFactsMax, pbft::kFactsBytesMax);
        if (trial.facts.empty()) {
            return trial.facts;
        }
        const auto block = ledger::make_block(tools_.keeper.head(), std::move(trial), {});
        POLIS_TRY(
            const auto fault, tools_.keeper.chain().check_facts(block, tools_.voter.checker()));
        if (!fault) {
            return block.facts;
        }
        if (fault->code == ledger::facts::FactsError::kRefused) {
            POLIS_TRY(const bool dropped, drop_refused(plan, block.facts));
            if (!dropped) {
                return std::vector<consensus::CertifiedFact>{};
            }
            continue;
        }
        tools_.facts.drop(consensus::key_of(block.facts[fault->index].fact));
    }
}

ledger::StoreResult<BlockPtr> Proposer::build(
    const pbft::Build& order, const Author& author, const pbft::Schedule& schedule, TimeMs now) {
    ledger::Chain& chain = tools_.keeper.chain();
    const ledger::Head& head = chain.head();
    const pbft::BeaconStep step =
        pbft::make_beacon(author.vrf_key, chain.params().chain_id, order.height, head.beacon);
    POLIS_TRY(const Hash next_committee, chain.next_committee());
    ledger::BlockPlan plan{
        .chain_id = chain.params().chain_id,
        .time = std::max(now, TimeMs{saturating_add(head.time.value, std::uint64_t{1})}),
        .proposer = author.address,
        .seat =
            {.view = order.view,
             .term = schedule.current.term,
             .parent_certificate = order.parent ? pbft::certificate_hash(*order.parent) : Hash{},
             .beacon = step.beacon,
             .beacon_proof = step.proof,
             .committee = consensus::committee_hash(schedule.current.members),
             .next_committee = next_committee},
        .facts = {}};
    POLIS_TRY(plan.facts, choose_facts(plan));
    const BlockClaim claim{
        .view = order.view, .fresh = true, .parent_certificate = plan.seat.parent_certificate};
    ledger::CheckedBlock block =
        ledger::make_block(head, std::move(plan), choose_txns(order.height));
    ledger::DraftBlock draft{
        .header = block.header, .txns = std::move(block.txns), .facts = std::move(block.facts)};
    POLIS_TRY(Judgement judgement, tools_.voter.judge_proposal(std::move(draft), claim, schedule));
    if (judgement.valid()) {
        tools_.keeper.keep(judgement.block);
    }
    return std::move(judgement.block);
}

}  // namespace polis::node
