#pragma once

#include <consensus/election.hpp>

namespace polis::consensus {

/// Delegated proof of stake: members propose in turn, whoever has most stake first.
class Dpos final : public Election {
  public:
    [[nodiscard]] std::string_view name() const override { return "dpos"; }

    [[nodiscard]] Ranking rank(
        Term term,
        std::span<const Member> members,
        const Hash& beacon,
        ElectionRecords& records) const override;

    [[nodiscard]] std::optional<std::string_view> check(
        std::span<const Fact> facts, ElectionRecords& records) const override;

    void apply(const BlockView& block, ElectionRecords& records) const override;
};

}  // namespace polis::consensus
