#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <core/types.hpp>
#include <p2p/peers.hpp>
#include <p2p/peers/address.hpp>

/// Who leaves when an inbound connection comes and all places are taken.
namespace polis::p2p {

inline constexpr std::size_t kProtectOldest = 8;
inline constexpr std::size_t kProtectHelpful = 8;
inline constexpr std::size_t kProtectGroups = 8;

struct Evictable {
    ConnectionId connection = 0;
    AddressGroup group;
    std::uint64_t group_rank = 0;  ///< keyed hash of the group: nobody can aim at a low one
    TimeMs since;
    TimeMs helped;  ///< when it last brought something new; 0: never
    std::uint32_t score = 0;
};

/// The connection to close, or nothing if all are protected: the oldest, those that helped last,
/// and the oldest of some groups that a secret picks. Of the others the one with the most points
/// goes, else the youngest of the most crowded group. An attacker has to be better than honest
/// peers in each of these ways to push them all out.
[[nodiscard]] std::optional<ConnectionId> choose_eviction(std::vector<Evictable> candidates);

}  // namespace polis::p2p
