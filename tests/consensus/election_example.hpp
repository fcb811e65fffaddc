#pragma once

#include <optional>
#include <span>
#include <string_view>

#include <consensus/election.hpp>

namespace polis::consensus::silence {

/// Whoever has not proposed for longest goes first. The election of docs/guides/elections.md.
class Silence final : public Election {
  public:
    static constexpr std::string_view kName = "silence";

    [[nodiscard]] std::string_view name() const override { return kName; }

    [[nodiscard]] Ranking rank(
        Term term,
        std::span<const Member> members,
        const Hash& beacon,
        ElectionRecords& records) const override;

    [[nodiscard]] std::optional<std::string_view> check(
        std::span<const Fact> facts, ElectionRecords& records) const override;

    void apply(const BlockView& block, ElectionRecords& records) const override;
};

}  // namespace polis::consensus::silence
