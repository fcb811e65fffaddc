#include <consensus/dpos/select.hpp>

#include <algorithm>
#include <utility>

namespace polis::consensus::dpos {

std::vector<Member> select(
    std::vector<Member> candidates, std::size_t count, const std::vector<Member>& incumbent) {
    if (candidates.empty()) {
        return incumbent;
    }
    std::ranges::sort(candidates, [](const Member& left, const Member& right) {
        return std::pair(right.stake, left.validator) < std::pair(left.stake, right.validator);
    });
    if (candidates.size() > count) {
        candidates.resize(count);
    }
    return candidates;
}

}  // namespace polis::consensus::dpos
