#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <consensus/election.hpp>

namespace polis::consensus::pole {

/// Proof of learning: whoever trained the best model in the last settled round proposes first, the
/// next best after it. Source: protocol.md 3.2, 5. Spec [G19] to [G21] of pole.md.
class Pole final : public Election {
  public:
    static constexpr std::string_view kName = "pole";

    [[nodiscard]] std::string_view name() const override { return kName; }

    /// Members that ranked in the last settled round, best first; the rest by stake. It does not
    /// rotate. Without a round that some member ranked in, or when it was settled more than
    /// kStandingTermsMax terms ago: by stake, and it rotates, as DPoS does.
    [[nodiscard]] Ranking rank(
        Term term,
        std::span<const Member> members,
        const Hash& beacon,
        ElectionRecords& records) const override;

    /// Admits blobs and scores that a task or the open round waits for, and evaluations, which
    /// serve contracts on any chain.
    [[nodiscard]] std::optional<std::string_view> check(
        std::span<const Fact> facts, ElectionRecords& records) const override;

    /// Takes the block's facts. Windows and coins are for the ledger's tasks module.
    void apply(const BlockView& block, ElectionRecords& records) const override;
};

}  // namespace polis::consensus::pole
