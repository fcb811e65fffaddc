#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <ml/exact/scoring.hpp>
#include <tools/polis/report.hpp>

/// Scores for people, in integers all the way.
namespace polis::tools {

/// "99.78 %", cut and not rounded, so that 100 % means all; "-" of nothing.
[[nodiscard]] std::string percent_text(std::uint64_t part, std::uint64_t whole);

/// "449/450 (99.78 %), 0.0312 nats": right answers, mean cross entropy.
[[nodiscard]] std::string score_text(const exact::Score& score);

/// For programs an object as the node tells it: correct, count, crossEntropy.
void add_score(Report& report, std::string_view key, const exact::Score& score);

}  // namespace polis::tools
