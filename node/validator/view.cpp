#include <node/validator/view.hpp>

#include <algorithm>

#include <core/integer.hpp>
#include <node/validator/impl.hpp>

/// What a validator shows of itself. Spec [J20].
namespace polis::node {

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::kObserving:
            return "observing";
        case Phase::kSyncing:
            return "syncing";
        case Phase::kProposing:
            return "proposing";
        case Phase::kVoting:
            return "voting";
        case Phase::kViewChange:
            return "viewChange";
        case Phase::kStopped:
            return "stopped";
    }
    return "unknown";
}

Phase Validator::Impl::phase() const {
    if (stopped_ || replica_.halted()) {
        return Phase::kStopped;
    }
    const Height height = replica_.height();
    if (block_sync_.target() > height) {
        return Phase::kSyncing;
    }
    const consensus::Committee& committee = replica_.schedule().current;
    const auto self = self_ ? committee.index_of(*self_) : std::nullopt;
    if (!self) {
        return Phase::kObserving;
    }
    const View view = replica_.view();
    const pbft::SafetyRecord& record = replica_.record();
    const bool proposed = record.height == height && record.view == view && record.proposal;
    if (proposed || shown_.contains({height, view})) {
        return Phase::kVoting;
    }
    const bool may_propose = build_.has_value() || view == View{};
    if (committee.leader(height, view) == *self && may_propose) {
        return Phase::kProposing;
    }
    return view == View{} ? Phase::kVoting : Phase::kViewChange;
}

ValidatorView Validator::Impl::view() const {
    const consensus::Committee& committee = replica_.schedule().current;
    const View view = replica_.view();
    ValidatorView out{
        .head = keeper_.head(),
        .term = committee.term,
        .view = view,
        .phase = phase(),
        .leader = std::nullopt,
        .members = committee.members,
        .heard = {},
        .best_claim = std::max(keeper_.head().height, block_sync_.target()),
        .mempool_count = pool_.pool().count(),
        .mempool_bytes = pool_.pool().bytes(),
        .memory_bytes = memory_bytes()};
    if (!committee.members.empty() &&
        consensus::is_permutation(committee.ranking, committee.size())) {
        out.leader = committee.members[committee.leader(replica_.height(), view)].validator;
    }
    for (const consensus::Member& member : committee.members) {
        const auto heard = heard_.find(member.consensus_key);
        const bool lately =
            heard != heard_.end() &&
            now_ <= TimeMs{saturating_add(heard->second.value, options_.timing.view_timeout_ms)};
        out.heard.push_back(lately || self_ == member.consensus_key);
    }
    return out;
}

}  // namespace polis::node
