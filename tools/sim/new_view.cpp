#include <tools/sim/new_view.hpp>

#include <set>

#include <fmt/format.h>

namespace polis::sim {

namespace {

/// More than half of the members and f together: any two such sets share an honest member.
bool is_quorum(std::size_t count, std::size_t members) {
    const std::size_t liars_max = (members - 1) / 3;
    return 2 * count > members + liars_max;
}

}  // namespace

std::string new_view_fault(const pbft::Proposal& proposal, std::size_t members) {
    const pbft::Statement& said = proposal.vote.statement;
    if (said.view == View{}) {
        return {};
    }
    std::set<pbft::MemberIndex> left;
    const pbft::Prepared* highest = nullptr;
    for (const pbft::ViewChange& change : proposal.justification.changes) {
        if (change.vote.statement.view != said.view ||
            change.vote.statement.height != said.height) {
            continue;
        }
        left.insert(change.vote.member);
        if (change.prepared && (highest == nullptr || change.prepared->view > highest->view)) {
            highest = &*change.prepared;
        }
    }
    if (!is_quorum(left.size(), members)) {
        return fmt::format(
            "proposes at height {} view {} after {} of {} members left the views below",
            said.height.value,
            said.view.value,
            left.size(),
            members);
    }
    if (highest != nullptr && highest->digest != said.digest) {
        return fmt::format(
            "proposes at height {} view {} another block than the one prepared in view {}",
            said.height.value,
            said.view.value,
            highest->view.value);
    }
    return {};
}

}  // namespace polis::sim
