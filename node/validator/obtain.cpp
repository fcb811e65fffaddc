#include <algorithm>
#include <set>
#include <utility>

#include <core/codec/borsh.hpp>
#include <node/validator/impl.hpp>

/// How a proposed or decided block is completed from the mempool and from peers, and judged. Spec
/// [J3], [J6], [J7].
namespace polis::node {

namespace {

BlockClaim claim_of(const pbft::Obtain& request) {
    return {.view = request.view, .fresh = request.fresh, .parent_certificate = request.parent};
}

}  // namespace

Validator::Impl::Done Validator::Impl::perform(const pbft::Obtain& effect) {
    if (candidates_.size() >= kBodiesMax && !candidates_.contains(effect.digest)) {
        candidates_.erase(std::ranges::min_element(
            candidates_, {}, [](const auto& item) { return item.second.request.view; }));
    }
    Candidate& candidate = candidates_[effect.digest];
    candidate = {.request = effect, .early = nullptr};
    POLIS_TRY(const BlockPtr known, keeper_.find(effect.digest));
    if (known) {
        return judge_again(candidate, known);
    }
    mark(Mark::kShown, effect.digest);
    fetch(effect, /*final=*/false);
    return {};
}

void Validator::Impl::fetch(const pbft::Obtain& request, bool final) {
    sync::BodyFetch::Wanted wanted{
        .height = request.height,
        .digest = request.digest,
        .summary = request.summary,
        .summary_from = std::nullopt,
        .sources = sources(request.sources),
        .final = final};
    const auto shown = shown_.find({request.height, request.view});
    if (request.summary && shown != shown_.end() && shown->second.digest == request.digest) {
        wanted.summary_from = shown->second.from;
    }
    enqueue(body_fetch_.obtain(std::move(wanted), now_));
}

/// Who passed on these members' messages, then everybody else: a member cannot be told from the
/// peer that speaks for it, and any peer may have the block.
std::vector<PeerId> Validator::Impl::sources(const std::vector<pbft::MemberIndex>& members) const {
    std::vector<PeerId> out;
    std::set<PeerId> listed;
    for (const pbft::MemberIndex member : members) {
        const auto hint = peer_of_.find(member);
        if (hint != peer_of_.end() && listed.insert(hint->second).second) {
            out.push_back(hint->second);
        }
    }
    for (const auto& [peer, state] : peers_) {
        if (listed.insert(peer).second) {
            out.push_back(peer);
        }
    }
    return out;
}

/// The parent's certificate is compared only for a new block: a quorum has accepted an older one,
/// whose maker may have shown other signatures than whoever proposes it again.
Validator::Impl::Done Validator::Impl::perform(const sync::AskBody& effect) {
    send(effect.peer, effect.request);
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const sync::Blame& effect) {
    penalise(effect.peer, sync::to_string(effect.fault));
    return {};
}

Validator::Impl::Done Validator::Impl::perform(const sync::CheckSummary& effect) {
    if (!codec::decode<ledger::Header>(effect.summary.header)) {
        body_fetch_.forget(effect.digest);
        return never_valid(effect.digest);
    }
    if (!is_whole(effect.summary)) {
        enqueue(body_fetch_.reject_summary(effect.digest, now_));
        return {};
    }
    std::vector<std::uint32_t> missing;
    for (std::uint32_t i = 0; i < effect.summary.txns.size(); ++i) {
        if (!pool_.pool().contains(effect.summary.txns[i])) {
            missing.push_back(i);
        }
    }
    enqueue(body_fetch_.missing(effect.digest, missing, now_));
    return {};
}

/// False if the mempool dropped a transaction while the others were fetched.
bool Validator::Impl::holds_rest_of(const sync::BodyComplete& body) const {
    auto item = body.items.begin();
    for (std::uint32_t i = 0; i < body.summary.txns.size(); ++i) {
        if (item != body.items.end() && item->index == i) {
            ++item;
        } else if (!pool_.pool().contains(body.summary.txns[i])) {
            return false;
        }
    }
    return true;
}

/// The mempool's transactions as they are, the fetched ones checked now.
/// @return nothing if the block names something that no block may hold. @pre holds_rest_of(body)
std::optional<ledger::DraftBlock> Validator::Impl::assemble(const sync::BodyComplete& body) {
    const auto header = codec::decode<ledger::Header>(body.summary.header);
    auto facts = codec::decode<std::vector<consensus::CertifiedFact>>(body.summary.facts);
    if (!header || !facts) {
        return std::nullopt;
    }
    ledger::DraftBlock draft{.header = *header, .txns = {}, .facts = *std::move(facts)};
    draft.txns.reserve(body.summary.txns.size());
    auto item = body.items.begin();
    for (std::uint32_t i = 0; i < body.summary.txns.size(); ++i) {
        if (item == body.items.end() || item->index != i) {
            draft.txns.push_back(*pool_.pool().get(body.summary.txns[i]));
            continue;
        }
        auto txn = ledger::check(item->bytes, chain().rules());
        if (!txn) {
            return std::nullopt;
        }
        draft.txns.push_back(*std::move(txn));
        ++item;
    }
    return draft;
}

Validator::Impl::Done Validator::Impl::perform(const sync::BodyComplete& effect) {
    const bool final = finalizing_ && finalizing_->certificate.statement.digest == effect.digest;
    const auto candidate = candidates_.find(effect.digest);
    if (!final && candidate == candidates_.end()) {
        return {};
    }
    if (!holds_rest_of(effect)) {
        if (final) {
            return finalize();
        }
        fetch(candidate->second.request, /*final=*/false);
        return {};
    }
    if (!final) {
        mark(Mark::kComplete, effect.digest);
    }
    auto block = assemble(effect);
    if (!block) {
        return never_valid(effect.digest);
    }
    return final ? finalize_with(*std::move(block)) : judge(candidate->second, *std::move(block));
}

Validator::Impl::Done Validator::Impl::perform(const sync::BodyTooLarge& effect) {
    return never_valid(effect.digest);
}

Validator::Impl::Done Validator::Impl::judge(Candidate& candidate, ledger::DraftBlock block) {
    const pbft::Obtain& request = candidate.request;
    POLIS_TRY(
        const Judgement judgement,
        voter_.judge_proposal(std::move(block), claim_of(request), replica_.schedule()));
    mark(Mark::kJudged, request.digest);
    if (!judgement.valid()) {
        return never_valid(request.digest);
    }
    keeper_.keep(judgement.block);
    answer_when_due(candidate, judgement.block);
    return {};
}

/// A block that is valid on the head stays so; whether it may be proposed like this is asked anew.
Validator::Impl::Done Validator::Impl::judge_again(Candidate& candidate, const BlockPtr& block) {
    POLIS_TRY(
        const bool fits,
        voter_.fits(block->header, claim_of(candidate.request), replica_.schedule()));
    if (!fits) {
        return never_valid(candidate.request.digest);
    }
    keeper_.keep(block);
    answer_when_due(candidate, block);
    return {};
}

/// A block from the future is nobody's fault yet: there is no answer before its time has come.
void Validator::Impl::answer_when_due(Candidate& candidate, const BlockPtr& block) {
    if (due_at(block->header.time, options_.clock_drift_ms_max) > now_) {
        candidate.early = block;
        return;
    }
    inputs_.emplace_back(pbft::Obtained{
        .height = candidate.request.height,
        .digest = candidate.request.digest,
        .verdict = pbft::Verdict::kValid,
        .summary = summary_of(*block)});
    candidates_.erase(block->hash);
}

Validator::Impl::Done Validator::Impl::never_valid(const Hash& digest) {
    if (finalizing_ && finalizing_->certificate.statement.digest == digest) {
        return diverged();
    }
    const auto candidate = candidates_.find(digest);
    if (candidate != candidates_.end()) {
        inputs_.emplace_back(pbft::Obtained{
            .height = candidate->second.request.height,
            .digest = digest,
            .verdict = pbft::Verdict::kInvalid,
            .summary = {}});
        candidates_.erase(candidate);
    }
    return {};
}

}  // namespace polis::node
