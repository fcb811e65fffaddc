#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <consensus/election.hpp>

namespace polis::consensus::dpos {

/// Delegated proof of stake: members propose in turn, and the turn moves on with every height.
/// Stake alone decides, so it keeps no records. Spec [D4] to [D6] of elections.md.
class Dpos final : public Election {
  public:
    static constexpr std::string_view kName = "dpos";

    [[nodiscard]] std::string_view name() const override { return kName; }

    /// The members' own order, by stake; it rotates.
    [[nodiscard]] Ranking rank(
        Term term,
        std::span<const Member> members,
        const Hash& beacon,
        ElectionRecords& records) const override;

    /// Refuses model scores: without a learning competition nothing ever reads one. Available blobs
    /// and evaluations serve contracts on any chain.
    [[nodiscard]] std::optional<std::string_view> check(
        std::span<const Fact> facts, ElectionRecords& records) const override;

    void apply(const BlockView& block, ElectionRecords& records) const override;
};

}  // namespace polis::consensus::dpos
