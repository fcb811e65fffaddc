#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <core/types.hpp>
#include <node/validator/validator.hpp>

namespace polis::node {

/// One arrival of a member's message.
struct Sighting {
    Signature name;    ///< the signature in it: two messages with one are one
    PublicKey origin;  ///< the member's consensus key
    Height height;     ///< that it is about; of facts: the one being decided
    PeerId from = 0;
    bool direct = false;  ///< the peer speaks for the member; else it passed the message on
};

/// Passes members' messages on, so that no member needs a connection to every other.
///
/// A message is passed on to all peers at first. Who gets one a second time tells whoever passed it
/// on to spare it that member's messages; what remains is a tree for each member, and in a full
/// mesh, where everybody hears everybody, nothing. When a node misses something it takes all its
/// wishes back, and the trees grow anew. Whatever is passed on was verified; a member's own
/// messages always go to all of its peers. A machine without I/O; bounded whatever peers do.
/// Source: Leitao, Pereira, Rodrigues, "Epidemic Broadcast Trees", SRDS '07; differs in that a
/// receiver that misses something asks for everything again. Spec [J26] to [J29].
class Relay {
  public:
    struct Options {
        /// A message that comes again after so long was said again: others may have missed it.
        std::uint64_t window_ms = 250;
        std::size_t member_count_max = 128;  ///< known messages of one member and height
        std::size_t small_bytes = std::size_t{64} * 1024;
        /// So long after a peer took its wishes back, only small messages try the ways that it did
        /// not want before.
        std::uint64_t probation_ms = 1'000;
    };

    explicit Relay(const Options& options) : options_(options) {}

    // ---- inputs ----

    void peer_joined(PeerId peer);
    void peer_left(PeerId peer);

    /// This node's own message leaves.
    void said(const Signature& name, Height height, TimeMs now);

    /// Who is to be told to spare us, if the message came again.
    struct Repeated {
        std::optional<PeerId> prune;
    };

    /// Nothing for a message that is new, or said again after a while.
    [[nodiscard]] std::optional<Repeated> repeated(const Sighting& sighting, TimeMs now);

    /// The message is new: what comes later is a repetition.
    void note(const Sighting& sighting, TimeMs now);

    /// To whom the message, which is new and valid, is to be passed on. Then note() it.
    [[nodiscard]] std::vector<PeerId> targets(
        const Sighting& sighting, std::size_t bytes, TimeMs now) const;

    /// The peer wants no messages of that member from us.
    void prune(PeerId peer, const PublicKey& origin);

    /// The peer takes its wishes about these members back.
    void graft(PeerId peer, const std::vector<PublicKey>& origins, TimeMs now);

    /// This node misses something. @param all also of members that a peer speaks for: it may lie
    /// @return of whom its peers are to pass everything on again
    [[nodiscard]] std::vector<PublicKey> heal(bool all);

    /// Messages of that height and below are forgotten.
    void forget(Height height);

    /// Forgets all who are not among the members.
    template <class IsMember>
    void keep_members(IsMember is_member) {
        std::erase_if(ways_, [&](const auto& item) { return !is_member(item.first); });
        std::erase_if(pruned_, [&](const auto& item) { return !is_member(item.first.second); });
        std::erase_if(spokesmen_, [&](const auto& item) { return !is_member(item.first); });
    }

    // ---- queries ----

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Seen {
        TimeMs at;
        std::optional<PeerId> from;  ///< nothing: this node said it
        bool direct = false;
    };

    /// Peers that want a member's messages, and from when on large ones too.
    using Ways = std::map<PeerId, TimeMs>;

    using Way = std::pair<PeerId, PublicKey>;

    [[nodiscard]] bool is_next(const Seen& first, const Sighting& again) const;
    [[nodiscard]] std::optional<PeerId> tell_once(PeerId peer, const PublicKey& origin, TimeMs now);

    const Options options_;
    std::set<PeerId> peers_;
    std::map<std::pair<Height, Signature>, Seen> seen_;
    std::map<std::pair<Height, PublicKey>, std::size_t> counts_;  ///< in seen_, by member
    std::map<PublicKey, PeerId> spokesmen_;                       ///< who spoke for a member last
    /// By member; all peers want those of the others. Only who wants something is kept: in a full
    /// mesh that is next to nobody, and each message is looked up here.
    std::map<PublicKey, Ways> ways_;
    std::map<Way, TimeMs> pruned_;  ///< whom this node told to spare it, and when
};

}  // namespace polis::node
