#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <consensus/pbft/vote.hpp>
#include <core/types.hpp>

namespace polis::pbft {

/// Votes of one phase at one height: the latest of each member, so memory does not grow with what
/// members send. A tally for each block and view makes a vote cheap to count.
class VoteTable {
  public:
    /// Something that at least one member votes for.
    struct Tally {
        View view;
        Hash digest;
        std::size_t count = 0;

        bool operator==(const Tally&) const = default;
    };

    enum class Added : std::uint8_t {
        kNew,       ///< counted
        kRepeated,  ///< known
        kOld,       ///< the member has voted in a later view
        kConflict,  ///< the member voted for another block in this view; the first one counts
    };

    explicit VoteTable(std::size_t members) : votes_(members) {}

    /// @pre vote.member < members
    Added add(const Vote& vote);

    /// The member's vote, if there is one.
    [[nodiscard]] const std::optional<Vote>& of(MemberIndex member) const { return votes_[member]; }

    [[nodiscard]] std::size_t count(View view, const Hash& digest) const;

    /// The votes behind a tally, ascending by member.
    [[nodiscard]] std::vector<Vote> votes_for(View view, const Hash& digest) const;

    /// True if a member votes for the block, in whatever view.
    [[nodiscard]] std::vector<Vote> votes_for_block(const Hash& digest) const;

  private:
    [[nodiscard]] std::vector<Tally>::iterator find(View view, const Hash& digest);
    void remove(const Vote& vote);

    std::vector<std::optional<Vote>> votes_;  ///< by member
    std::vector<Tally> tallies_;              ///< each counts at least one; unordered
};

}  // namespace polis::pbft
