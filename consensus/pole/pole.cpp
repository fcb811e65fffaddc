#include <consensus/pole/pole.hpp>

#include <algorithm>
#include <vector>

#include <consensus/pole/records.hpp>
#include <consensus/pole/round.hpp>

namespace polis::consensus::pole {

namespace {

/// Not an error of the sender's, who may have been overtaken: the reason is for people.
std::optional<std::string_view> objection(const Fact& fact, ElectionRecords& records) {
    switch (fact.kind) {
        case FactKind::kBlobAvailable:
            if (!blob_wanted(records, fact.subject)) {
                return "an available blob that no task and no round waits for";
            }
            return fact.result.empty() ? std::nullopt
                                       : std::optional{"an available blob with a result"};
        case FactKind::kModelScore: {
            if (!score_wanted(records, fact.subject)) {
                return "a model score that no round waits for";
            }
            const auto result = codec::decode<ScoreResult>(fact.result);
            return result && is_possible(*result)
                       ? std::nullopt
                       : std::optional{"a model score that no evaluation gives"};
        }
        case FactKind::kEvaluation:
            return std::nullopt;
    }
    return "a fact of an unknown kind";
}

}  // namespace

Ranking Pole::rank(
    Term term,
    std::span<const Member> members,
    const Hash& /*beacon*/,
    ElectionRecords& records) const {
    Ranking out{.order = {}, .rotates = true};
    std::vector<bool> placed(members.size(), false);
    const auto standing = load_standing(records);
    if (standing && term.value <= saturating_add(standing->settled.value, kStandingTermsMax)) {
        for (const Address& trainer : standing->order) {
            const auto found = std::ranges::find(members, trainer, &Member::validator);
            if (found != members.end()) {
                const auto index = static_cast<std::size_t>(found - members.begin());
                if (!placed[index]) {
                    placed[index] = true;
                    out.order.push_back(static_cast<MemberIndex>(index));
                }
            }
        }
    }
    out.rotates = out.order.empty();
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!placed[i]) {
            out.order.push_back(static_cast<MemberIndex>(i));
        }
    }
    return out;
}

std::optional<std::string_view> Pole::check(
    std::span<const Fact> facts, ElectionRecords& records) const {
    for (const Fact& fact : facts) {
        if (const auto reason = objection(fact, records)) {
            return reason;
        }
    }
    return std::nullopt;
}

void Pole::apply(const BlockView& block, ElectionRecords& records) const {
    take_facts(records, block.facts, {.height = block.height, .time = block.time});
}

}  // namespace polis::consensus::pole
