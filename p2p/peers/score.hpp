#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include <core/types.hpp>
#include <p2p/peers.hpp>

/// Points for offences, which fade with time.
namespace polis::p2p {

inline constexpr std::uint32_t kBanPoints = 100;
inline constexpr std::uint64_t kFadeMs = 6'000;  ///< in which one point fades
inline constexpr std::size_t kScoresMax = 4'096;

[[nodiscard]] std::uint32_t points_of(Offence offence);

/// The points of every identity that has some; they outlive the connection, else reconnecting would
/// wash them off.
class Scores {
  public:
    /// @return the points with the new ones
    std::uint32_t add(const NodeId& id, std::uint32_t points, TimeMs now);

    [[nodiscard]] std::uint32_t at(const NodeId& id, TimeMs now) const;

    void forget(const NodeId& id) { faded_at_.erase(id); }

    [[nodiscard]] std::size_t count() const { return faded_at_.size(); }

  private:
    void make_room(TimeMs now);

    std::map<NodeId, TimeMs> faded_at_;  ///< when the last point will have faded
};

}  // namespace polis::p2p
