#include <consensus/dpos/select.hpp>

#include <algorithm>
#include <utility>

namespace polis::consensus::dpos {

namespace {

/// A total order, since no two candidates share an address. Spec [D2].
bool precedes(const Member& left, const Member& right) {
    return left.stake != right.stake ? left.stake > right.stake : left.validator < right.validator;
}

}  // namespace

std::vector<Member> select(
    std::vector<Member> candidates, std::size_t count, const std::vector<Member>& incumbent) {
    std::ranges::sort(candidates, precedes);
    if (candidates.size() > count) {
        candidates.resize(count);
    }
    return candidates.empty() ? incumbent : std::move(candidates);
}

}  // namespace polis::consensus::dpos
