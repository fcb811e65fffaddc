#pragma once

#include <cstddef>
#include <vector>

#include <consensus/committee.hpp>

namespace polis::consensus::dpos {

/// The committee that stake chooses: the `count` candidates with most stake, most first, ties by
/// address. With nobody to choose from, the members of `incumbent` stay: a chain without a
/// committee could never get one again. Spec [D2], [D3] of elections.md.
/// @pre addresses are distinct
[[nodiscard]] std::vector<Member> select(
    std::vector<Member> candidates, std::size_t count, const std::vector<Member>& incumbent);

}  // namespace polis::consensus::dpos
