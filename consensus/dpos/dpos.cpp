#include <consensus/dpos/dpos.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace polis::consensus::dpos {

Ranking Dpos::rank(
    Term /*term*/,
    std::span<const Member> members,
    const Hash& /*beacon*/,
    ElectionRecords& /*records*/) const {
    Ranking out{.order = std::vector<MemberIndex>(members.size()), .rotates = true};
    std::iota(out.order.begin(), out.order.end(), MemberIndex{0});
    return out;
}

std::optional<std::string_view> Dpos::check(
    std::span<const Fact> facts, ElectionRecords& /*records*/) const {
    if (std::ranges::find(facts, FactKind::kModelScore, &Fact::kind) != facts.end()) {
        return "a model score on a chain whose election scores no models";
    }
    return std::nullopt;
}

void Dpos::apply(const BlockView& /*block*/, ElectionRecords& /*records*/) const {}

}  // namespace polis::consensus::dpos
