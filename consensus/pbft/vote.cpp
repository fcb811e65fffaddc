#include <consensus/pbft/vote.hpp>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::pbft {

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::kProposal:
            return "proposal";
        case Phase::kPrepare:
            return "prepare";
        case Phase::kCommit:
            return "commit";
        case Phase::kViewChange:
            return "view change";
    }
    return "unknown phase";
}

Hash signing_hash(const Statement& statement) {
    return crypto::blake2b_256(crypto::kDomainVote, codec::encode(statement));
}

bool signature_valid(
    const Vote& vote, const consensus::Committee& committee, consensus::CryptoChecker& checker) {
    POLIS_ASSERT_OP(vote.member, <, committee.size());
    return checker.signature_valid(
        committee.members[vote.member].consensus_key,
        signing_hash(vote.statement).view(),
        vote.signature);
}

}  // namespace polis::pbft
