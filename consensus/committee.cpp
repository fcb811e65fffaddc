#include <consensus/committee.hpp>

#include <algorithm>

#include <consensus/mutants.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::consensus {

Hash committee_hash(const std::vector<Member>& members) {
    return crypto::blake2b_256(crypto::kDomainCommittee, codec::encode(members));
}

bool is_permutation(const Ranking& ranking, std::size_t members) {
    if (ranking.order.size() != members) {
        return false;
    }
    std::vector<bool> seen(members, false);
    for (const MemberIndex member : ranking.order) {
        if (member >= members || seen[member]) {
            return false;
        }
        seen[member] = true;
    }
    return true;
}

std::size_t Committee::quorum() const {
    return consensus::quorum(members.size()) - (broken(Mutant::kSmallQuorum) ? 1 : 0);
}

MemberIndex Committee::leader(Height height, View view) const {
    const std::size_t n = members.size();
    POLIS_ASSERT_OP(ranking.order.size(), ==, n);
    const std::uint64_t first = ranking.rotates ? height.value % n : 0;
    return ranking.order[static_cast<std::size_t>((first + view.value % n) % n)];
}

std::optional<MemberIndex> Committee::index_of(const PublicKey& consensus_key) const {
    const auto found = std::ranges::find(members, consensus_key, &Member::consensus_key);
    if (found == members.end()) {
        return std::nullopt;
    }
    return static_cast<MemberIndex>(found - members.begin());
}

Term term_of(Height height, std::uint64_t term_blocks) {
    POLIS_ASSERT_OP(term_blocks, >=, 1);
    return Term{height.value == 0 ? 0 : (height.value - 1) / term_blocks};
}

bool ends_term(Height height, std::uint64_t term_blocks) {
    POLIS_ASSERT_OP(term_blocks, >=, 1);
    return height.value != 0 && height.value % term_blocks == 0;
}

}  // namespace polis::consensus
