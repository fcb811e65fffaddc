#include <p2p/peers/eviction.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace polis::p2p {

namespace {

using Candidates = std::vector<Evictable>;

/// Takes out the first `count` in the order of `before`.
template <class Before>
void protect(Candidates& candidates, std::size_t count, const Before& before) {
    std::ranges::sort(candidates, before);
    const std::size_t taken = std::min(count, candidates.size());
    candidates.erase(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(taken));
}

bool is_older(const Evictable& left, const Evictable& right) {
    return std::tie(left.since, left.connection) < std::tie(right.since, right.connection);
}

/// Takes out the oldest of each of kProtectGroups groups.
void protect_groups(Candidates& candidates) {
    std::ranges::sort(candidates, [](const Evictable& left, const Evictable& right) {
        return std::tie(left.group_rank, left.group, left.since, left.connection) <
               std::tie(right.group_rank, right.group, right.since, right.connection);
    });
    std::set<AddressGroup> protected_groups;
    std::erase_if(candidates, [&](const Evictable& candidate) {
        return protected_groups.size() < kProtectGroups &&
               protected_groups.insert(candidate.group).second;
    });
}

}  // namespace

std::optional<ConnectionId> choose_eviction(std::vector<Evictable> candidates) {
    protect(candidates, kProtectOldest, is_older);
    const auto helpers = static_cast<std::size_t>(std::ranges::count_if(
        candidates, [](const Evictable& candidate) { return candidate.helped != TimeMs{}; }));
    protect(
        candidates,
        std::min(helpers, kProtectHelpful),
        [](const Evictable& left, const Evictable& right) {
            return left.helped != right.helped ? left.helped > right.helped
                                               : left.connection < right.connection;
        });
    protect_groups(candidates);
    if (candidates.empty()) {
        return std::nullopt;
    }
    std::map<AddressGroup, std::size_t> crowd;
    for (const Evictable& candidate : candidates) {
        ++crowd[candidate.group];
    }
    const auto worse = [&](const Evictable& left, const Evictable& right) {
        return std::tuple(left.score, crowd[left.group], left.since, left.connection) <
               std::tuple(right.score, crowd[right.group], right.since, right.connection);
    };
    return std::ranges::max_element(candidates, worse)->connection;
}

}  // namespace polis::p2p
