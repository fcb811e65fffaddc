#include <array>

#include <consensus/dpos/dpos.hpp>
#include <consensus/election.hpp>

namespace polis::consensus {

namespace {

const Dpos kDpos;

constexpr std::array<std::string_view, 1> kNames{"dpos"};

}  // namespace

const Election* find_election(std::string_view name) {
    return name == kDpos.name() ? &kDpos : nullptr;
}

std::span<const std::string_view> election_names() { return kNames; }

}  // namespace polis::consensus
