#pragma once

#include <optional>

#include <consensus/committee.hpp>
#include <consensus/pbft/messages.hpp>
#include <core/types.hpp>

namespace polis::pbft {

/// Which block a justification binds the leader of a view to.
struct Choice {
    std::optional<Hash> digest;  ///< nothing: the leader is free

    [[nodiscard]] bool allows(const Hash& block) const { return !digest || *digest == block; }
};

/// A place where votes are cast.
struct Slot {
    Height height;
    View view;

    auto operator<=>(const Slot&) const = default;
};

/// PBFT's computation of O, as every backup repeats it: a quorum of distinct members' view changes
/// to the slot's view, and the block of the highest prepared view among them, whose certificate is
/// shown. Structure only: signatures are checked by verify(). Spec [N1] to [N5].
/// @return nothing if this justifies no proposal at all
[[nodiscard]] std::optional<Choice> choice_of(
    const Justification& justification, const consensus::Committee& committee, Slot slot);

}  // namespace polis::pbft
