#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <consensus/pbft/messages.hpp>
#include <consensus/pbft/verify.hpp>
#include <core/bytes.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/random.hpp>
#include <core/types.hpp>
#include <node/validator/wire.hpp>
#include <tools/sim/network.hpp>
#include <tools/sim/scenario.hpp>

namespace polis::sim {

/// Something that a node says.
struct Mail {
    std::optional<NodeId> to;  ///< nothing: to everybody
    Bytes bytes;
};

/// Turns a node into a liar: a real validator works behind it, and this stands between the
/// validator and the network. It holds the member's real key, so what it forges is truly signed.
class Adversary {
  public:
    struct Setup {
        std::uint64_t seed = 0;
        NodeId self = 0;
        std::size_t nodes = 0;
        std::set<NodeId> accomplices;  ///< all liars, itself among them
        Traitor traitor;
        crypto::SigningKey key;
    };

    explicit Adversary(Setup setup);

    /// What is sent in place of what the validator says.
    [[nodiscard]] std::vector<Mail> say(Mail honest);

    /// What is said at once about what was heard.
    [[nodiscard]] std::vector<Mail> hear(NodeId from, ByteView bytes);

    /// What is said out of nothing, from time to time.
    [[nodiscard]] std::vector<Mail> act(const pbft::Schedule& schedule, View view);

    /// The faults end.
    void heal();

    [[nodiscard]] bool has(Trick trick) const { return traitor_.tricks.contains(trick); }

  private:
    struct Slot {
        Height height;
        View view;
        auto operator<=>(const Slot&) const = default;
    };

    [[nodiscard]] bool withheld(const node::Envelope& message);
    void corrupt(const pbft::Message& message, const Mail& honest, std::vector<Mail>& out);
    void equivocate(const pbft::Proposal& proposal, std::vector<Mail>& out);
    void corrupt_vote(const pbft::Vote& vote, const Mail& honest, std::vector<Mail>& out);
    void vote_for(const pbft::Proposal& proposal, bool conspiracy, std::vector<Mail>& out);
    void whisper(Slot slot, const Hash& digest, const Bytes& bytes, std::vector<Mail>& out);
    [[nodiscard]] std::set<NodeId> side_of(Slot slot, const Hash& digest) const;
    void remember(ByteView bytes);
    void deliver(Mail mail, std::vector<Mail>& out);

    // Constant after construction.
    std::uint64_t seed_;
    NodeId self_;
    std::size_t nodes_;
    std::set<NodeId> accomplices_;
    Traitor traitor_;
    crypto::SigningKey key_;

    Random random_;
    std::set<NodeId> favourites_;                 ///< whom a selective liar speaks to
    std::optional<pbft::MemberIndex> member_;     ///< its own seat, as last seen
    std::map<Slot, std::vector<Hash>> proposed_;  ///< blocks that it knows, the last few slots
    std::set<Slot> conspiracies_;                 ///< where a liar leads
    std::vector<Bytes> memories_;                 ///< for replays; bounded
    bool silent_ = false;
};

}  // namespace polis::sim
