#include <tests/consensus/election_example.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include <core/bytes.hpp>

namespace polis::consensus::silence {

/// One record a proposer: its address, and the height of its last block.
void Silence::apply(const BlockView& block, ElectionRecords& records) const {
    records.put(block.proposer.view(), big_endian(block.height.value));
}

Ranking Silence::rank(
    Term /*term*/,
    std::span<const Member> members,
    const Hash& /*beacon*/,
    ElectionRecords& records) const {
    std::vector<std::pair<std::uint64_t, MemberIndex>> last;
    for (MemberIndex i = 0; i < members.size(); ++i) {
        const auto height = records.get(members[i].validator.view());
        last.emplace_back(height ? from_big_endian<std::uint64_t>(*height) : 0, i);
    }
    std::ranges::sort(last);  // ties by stake: no two pairs are equal
    Ranking out{.order = {}, .rotates = true};
    for (const auto& [height, member] : last) {
        out.order.push_back(member);
    }
    return out;
}

/// It asks for no facts of its own, so it has nothing against any.
std::optional<std::string_view> Silence::check(
    std::span<const Fact> /*facts*/, ElectionRecords& /*records*/) const {
    return std::nullopt;
}

}  // namespace polis::consensus::silence
