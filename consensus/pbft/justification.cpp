#include <consensus/pbft/justification.hpp>

#include <consensus/mutants.hpp>

namespace polis::pbft {

namespace {

using consensus::broken;
using consensus::Mutant;

bool belongs(const ViewChange& change, const consensus::Committee& committee, Slot slot) {
    const Statement& said = change.vote.statement;
    return said.phase == Phase::kViewChange && said.chain == committee.chain &&
           said.term == committee.term && said.height == slot.height && said.view == slot.view &&
           said.digest == prepared_hash(change.prepared) && change.vote.member < committee.size() &&
           (!change.prepared || change.prepared->view < slot.view);
}

/// Ascending by member, so nobody counts twice.
bool all_belong(
    const Justification& justification, const consensus::Committee& committee, Slot slot) {
    const ViewChange* previous = nullptr;
    for (const ViewChange& change : justification.changes) {
        if (!belongs(change, committee, slot) ||
            (previous != nullptr && previous->vote.member >= change.vote.member)) {
            return false;
        }
        previous = &change;
    }
    return true;
}

/// What the change with the highest prepared view claims.
std::optional<Prepared> highest_prepared(const Justification& justification) {
    std::optional<Prepared> highest;
    for (const ViewChange& change : justification.changes) {
        if (!change.prepared) {
            continue;
        }
        const bool better =
            !highest || (broken(Mutant::kLowestPrepared) ? change.prepared->view < highest->view
                                                         : change.prepared->view > highest->view);
        if (better) {
            highest = change.prepared;
        }
    }
    return highest;
}

/// With at most f liars only one block can be prepared in a view; a claim of another one is false
/// and an honest leader does not show it.
bool all_agree(const Justification& justification, const Prepared& highest) {
    for (const ViewChange& change : justification.changes) {
        if (change.prepared && change.prepared->view == highest.view &&
            change.prepared->digest != highest.digest) {
            return false;
        }
    }
    return true;
}

bool certifies(
    const Certificate& certificate,
    const Prepared& prepared,
    const consensus::Committee& committee,
    Height height) {
    return check_shape(certificate, Phase::kPrepare, committee).has_value() &&
           certificate.statement.height == height && certificate.statement.view == prepared.view &&
           certificate.statement.digest == prepared.digest;
}

}  // namespace

std::optional<Choice> choice_of(
    const Justification& justification, const consensus::Committee& committee, Slot slot) {
    if (slot.view == View{}) {
        const bool empty = justification.changes.empty() && !justification.prepared;
        return empty ? std::optional{Choice{}} : std::nullopt;
    }
    if (broken(Mutant::kUncheckedViewChange)) {
        return Choice{};
    }
    const std::size_t needed =
        broken(Mutant::kFewViewChanges) ? committee.faults_max() + 1 : committee.quorum();
    if (justification.changes.size() < needed || !all_belong(justification, committee, slot)) {
        return std::nullopt;
    }
    const auto highest = highest_prepared(justification);
    if (!highest) {
        return justification.prepared ? std::nullopt : std::optional{Choice{}};
    }
    if (!justification.prepared || !all_agree(justification, *highest) ||
        !certifies(*justification.prepared, *highest, committee, slot.height)) {
        return std::nullopt;
    }
    return Choice{highest->digest};
}

}  // namespace polis::pbft
