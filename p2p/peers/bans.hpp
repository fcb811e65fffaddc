#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <p2p/peers.hpp>

/// Identities that this node does not speak to for a while.
namespace polis::p2p {

inline constexpr std::size_t kBansMax = 4'096;
inline constexpr std::size_t kBanReasonBytesMax = 128;

struct Ban {
    TimeMs until;
    std::string reason;

    bool operator==(const Ban&) const = default;
    static constexpr auto kFields =
        codec::fields(&Ban::until, codec::bounded(&Ban::reason, kBanReasonBytesMax));
};

/// Bounded: of too many, the one that ends first gives way.
class Bans {
  public:
    /// A longer ban that is there already stays. The reason is cut to its limit.
    void add(const NodeId& id, TimeMs until, std::string_view reason);

    void remove(const NodeId& id) { bans_.erase(id); }

    [[nodiscard]] bool is_banned(const NodeId& id, TimeMs now) const;

    /// Drops those that are over.
    void expire(TimeMs now);

    [[nodiscard]] const std::map<NodeId, Ban>& all() const { return bans_; }

  private:
    std::map<NodeId, Ban> bans_;
};

}  // namespace polis::p2p
