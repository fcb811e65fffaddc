#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <consensus/pbft/messages.hpp>
#include <consensus/pbft/vote.hpp>
#include <core/types.hpp>

namespace polis::sim {

/// Everything that correct members ever signed, over all their lives: no two statements of one
/// member may contradict each other, whatever crashed in between.
class VoteBook {
  public:
    /// Takes down the signature that a message of this member brings.
    /// @return what contradicts it, for a person; empty if nothing does
    [[nodiscard]] std::string record(const PublicKey& member, const pbft::Message& message);

    [[nodiscard]] std::size_t votes() const { return count_; }

  private:
    struct Signer {
        std::map<std::tuple<Height, View, pbft::Phase>, pbft::Vote> votes;
        std::map<Height, std::vector<pbft::ViewChange>> changes;
    };

    [[nodiscard]] std::string record_vote(const PublicKey& member, const pbft::Vote& vote);
    [[nodiscard]] std::string against_changes(const PublicKey& member, const pbft::Vote& commit);
    [[nodiscard]] std::string record_change(
        const PublicKey& member, const pbft::ViewChange& change);

    std::map<PublicKey, Signer> signers_;
    std::size_t count_ = 0;
};

}  // namespace polis::sim
