#include <consensus/dpos/select.hpp>

#include <algorithm>
#include <atomic>

#include <consensus/mutants.hpp>

namespace polis::consensus::dpos {

namespace {

/// A total order, since no two candidates share an address. Spec [D2].
bool precedes(const Member& left, const Member& right) {
    return left.stake != right.stake ? left.stake > right.stake : left.validator < right.validator;
}

/// What an unstable sort with an incomplete order does: another result on every machine.
void sort_by_chance(std::vector<Member>& candidates) {
    static std::atomic<std::size_t> calls = 0;
    if (!candidates.empty()) {
        const auto turn = static_cast<std::ptrdiff_t>(calls++ % candidates.size());
        std::ranges::rotate(candidates, candidates.begin() + turn);
    }
    std::ranges::sort(candidates, std::ranges::greater{}, &Member::stake);
}

}  // namespace

std::vector<Member> select(
    std::vector<Member> candidates, std::size_t count, const std::vector<Member>& incumbent) {
    if (broken(Mutant::kUnstableSort)) {
        sort_by_chance(candidates);
    } else {
        std::ranges::sort(candidates, precedes);
    }
    if (candidates.size() > count) {
        candidates.resize(count);
    }
    if (candidates.empty()) {
        return incumbent;
    }
    return candidates;
}

}  // namespace polis::consensus::dpos
