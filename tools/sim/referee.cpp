#include <tools/sim/referee.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <core/integer.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/state/key.hpp>
#include <ledger/store/memory_store.hpp>
#include <ledger/store/state_rows.hpp>

namespace polis::sim {

namespace {

/// The referee's own store is memory, which does not fail.
template <class T>
T must(ledger::StoreResult<T> result) {
    POLIS_ASSERT(result.has_value());
    return *std::move(result);
}

std::uint64_t coins_in(const ledger::rows::StateRow& row) {
    using ledger::RecordKind;
    switch (static_cast<RecordKind>(row.key[0])) {
        case RecordKind::kAccount:
            return codec::decode<ledger::Account>(row.value)->balance.value;
        case RecordKind::kValidator:
            return codec::decode<ledger::staking::Validator>(row.value)->pool.tokens.value;
        case RecordKind::kUnbondingPool:
            return codec::decode<ledger::staking::Pool>(row.value)->tokens.value;
        case RecordKind::kTask:
            return codec::decode<ledger::tasks::Task>(row.value)->escrow.value;
        case RecordKind::kParams:
        case RecordKind::kSupply:
        case RecordKind::kValidatorList:
        case RecordKind::kConsensusKey:
        case RecordKind::kDelegation:
        case RecordKind::kUnbonding:
        case RecordKind::kTerms:
        case RecordKind::kElection:
        case RecordKind::kFact:
        case RecordKind::kOffence:
        case RecordKind::kContract:
        case RecordKind::kCode:
        case RecordKind::kStorage:
        case RecordKind::kTaskIndex:
            return 0;
    }
    return 0;
}

Violation bad_block(Height height, const std::string& why) {
    return {
        Broken::kCertificate, fmt::format("final block {} is not valid: {}", height.value, why)};
}

}  // namespace

Referee::Referee(Setup setup)
    : chain_id_(setup.genesis.state.params.chain_id),
      term_blocks_(setup.genesis.state.params.term_blocks),
      checker_(setup.checker),
      workers_(setup.workers),
      correct_(std::move(setup.correct)),
      chain_(must(
          ledger::Chain::create(std::make_unique<ledger::MemoryStore>(), setup.genesis.state, {}))),
      heads_{chain_->head()},
      views_{View{0}} {
    members_[Term{0}] = setup.genesis.committee;
    members_[Term{1}] = setup.genesis.committee;
}

const std::vector<consensus::Member>& Referee::members(Height height) const {
    return members_.at(consensus::term_of(height, term_blocks_));
}

std::optional<Violation> Referee::finalized(
    const ledger::Head& head, const pbft::Certificate& certificate, const ledger::Chain& chain) {
    if (head.height > height()) {
        if (auto fault = catch_up(chain, Height{head.height.value - 1})) {
            return fault;
        }
        if (auto fault = append(chain, head.height, certificate)) {
            return fault;
        }
    }
    if (auto fault = compare(head)) {
        return fault;
    }
    return check_certificate(certificate, head.height, head.block);
}

std::optional<Violation> Referee::opened(const ledger::Chain& chain) {
    if (auto fault = catch_up(chain, chain.head().height)) {
        return fault;
    }
    return compare(chain.head());
}

std::optional<Violation> Referee::compare(const ledger::Head& head) {
    const ledger::Head& known = heads_.at(head.height.value);
    if (head.block != known.block) {
        forked_at_ = forked_at_ ? std::min(*forked_at_, head.height) : head.height;
        return Violation{
            Broken::kAgreement, fmt::format("two final blocks at height {}", head.height.value)};
    }
    if (head != known) {
        return Violation{
            Broken::kState, fmt::format("two states after block {}", head.height.value)};
    }
    return std::nullopt;
}

/// Takes blocks that a node made final and had no time to announce.
std::optional<Violation> Referee::catch_up(const ledger::Chain& source, Height last) {
    while (height() < last) {
        const Height next{height().value + 1};
        const auto certificate = source.certificate(next);
        if (!certificate || !*certificate) {
            return bad_block(next, "it is stored without a certificate");
        }
        if (auto fault = append(source, next, **certificate)) {
            return fault;
        }
        if (auto fault = check_certificate(**certificate, next, heads_.at(next.value).block)) {
            return fault;
        }
    }
    return std::nullopt;
}

std::optional<Violation> Referee::append(
    const ledger::Chain& source, Height next, const pbft::Certificate& certificate) {
    const auto block = source.block(next);
    if (!block || !*block) {
        return bad_block(next, "the node does not have it");
    }
    if ((*block)->header.parent != chain_->head().block) {
        forked_at_ = chain_->head().height;
        return Violation{
            Broken::kAgreement, fmt::format("block {} is on another branch", next.value)};
    }
    const auto checked = ledger::check_block(**block, chain_->head(), chain_->rules());
    if (!checked) {
        return bad_block(next, describe(checked.error()));
    }
    if (const auto signatures = check_signatures(*checked, workers_); !signatures) {
        return bad_block(next, describe(signatures.error()));
    }
    const Hash committee = consensus::committee_hash(members(next));
    if (checked->header.committee != committee) {
        return bad_block(next, "it names another committee");
    }
    if (auto fault = check_facts(*checked)) {
        return fault;
    }
    must(chain_->apply(*checked));
    heads_.push_back(chain_->head());
    views_.push_back(certificate.statement.view);
    facts_ += checked->facts.size();
    voted_.insert(committee);
    return consensus::ends_term(next, term_blocks_) ? end_term(next) : std::nullopt;
}

std::optional<Violation> Referee::check_certificate(
    const pbft::Certificate& certificate, Height height, const Hash& block) {
    const pbft::Statement& statement = certificate.statement;
    if (statement.height != height || statement.digest != block) {
        return Violation{
            Broken::kCertificate,
            fmt::format("the certificate of block {} is of another block", height.value)};
    }
    const consensus::Committee committee{
        .chain = chain_id_,
        .term = consensus::term_of(height, term_blocks_),
        .members = members(height),
        .ranking = {}};
    const auto verified =
        pbft::verify_certificate(certificate, pbft::Phase::kCommit, committee, checker_);
    // Counted here too, so that a verifier that counts wrongly does not judge itself.
    const bool quorum =
        pbft::signers_of(certificate).size() >= consensus::quorum(committee.members.size());
    if (verified && quorum) {
        return std::nullopt;
    }
    return Violation{
        Broken::kCertificate,
        fmt::format(
            "the certificate of block {} does not verify: {}",
            height.value,
            verified ? "too few signers" : to_string(verified.error()))};
}

std::optional<Violation> Referee::check_facts(const ledger::CheckedBlock& block) const {
    for (const consensus::CertifiedFact& fact : block.facts) {
        const auto expected = expected_.find(fact.fact.subject);
        if (expected == expected_.end() || expected->second != fact.fact.result) {
            return bad_block(block.header.height, "it holds a fact that is not so");
        }
    }
    return std::nullopt;
}

std::optional<Violation> Referee::end_term(Height height) {
    const Term term = consensus::term_of(height, term_blocks_);
    members_[Term{term.value + 2}] = by_stake(members_.at(Term{term.value + 1}));
    for (const Address& address : correct_) {
        const auto validator = must(ledger::staking::validator(chain_->state(), address));
        if (validator && validator->jailed) {
            return Violation{
                Broken::kEvidence,
                fmt::format("a correct validator is in jail after block {}", height.value)};
        }
    }
    return count_coins();
}

std::uint64_t Referee::rounds() {
    return must(ledger::tasks::shelved(chain_->state(), ledger::tasks::Shelf::kSettled));
}

/// Balances, pools and what tasks hold, one record after the other, against the supply.
std::optional<Violation> Referee::count_coins() {
    u128 sum = 0;
    const auto add = [&sum](const ledger::rows::StateRow& row) -> ledger::StoreResult<void> {
        sum += coins_in(row);
        return {};
    };
    must(ledger::StateRows(chain_->store()).visit(add));
    if (sum == must(ledger::bank::supply(chain_->state())).value) {
        return std::nullopt;
    }
    return Violation{
        Broken::kState, fmt::format("coins do not add up after block {}", height().value)};
}

std::vector<consensus::Member> Referee::by_stake(const std::vector<consensus::Member>& incumbent) {
    const ledger::Params& params = chain_->params();
    std::vector<consensus::Member> members;
    for (const Address& address : must(ledger::staking::candidates(chain_->state()))) {
        const auto validator = must(ledger::staking::validator(chain_->state(), address));
        if (validator && !validator->jailed && validator->pool.tokens >= params.stake_min) {
            members.push_back(
                {address, validator->consensus_key, validator->vrf_key, validator->pool.tokens});
        }
    }
    std::ranges::sort(members, [](const auto& left, const auto& right) {
        return std::tuple{right.stake, left.validator} < std::tuple{left.stake, right.validator};
    });
    members.resize(std::min<std::size_t>(members.size(), params.committee_size_max));
    return members.empty() ? incumbent : members;
}

}  // namespace polis::sim
