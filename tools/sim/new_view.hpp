#pragma once

#include <cstddef>
#include <string>

#include <consensus/pbft/messages.hpp>

namespace polis::sim {

/// Whether a correct leader may propose this: worked out again, without the code that nodes do it
/// with. Above view 0 a quorum of distinct members must have left the views below, and the block of
/// the highest view that any of them has prepared must be proposed again.
/// @return what is wrong, for a person; empty if nothing is
[[nodiscard]] std::string new_view_fault(const pbft::Proposal& proposal, std::size_t members);

}  // namespace polis::sim
