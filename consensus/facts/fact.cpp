#include <consensus/facts/fact.hpp>

#include <consensus/signers.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/merkle.hpp>

namespace polis::consensus {

std::string_view to_string(FactKind kind) {
    switch (kind) {
        case FactKind::kBlobAvailable:
            return "blob available";
        case FactKind::kModelScore:
            return "model score";
        case FactKind::kEvaluation:
            return "evaluation";
    }
    return "unknown fact kind";
}

std::string_view to_string(FactError error) {
    switch (error) {
        case FactError::kWrongTerm:
            return "fact of another term";
        case FactError::kUnknownMember:
            return "fact signed by nobody in the committee";
        case FactError::kBadSigners:
            return "malformed set of signers of a fact";
        case FactError::kNoQuorum:
            return "fewer signers of a fact than a quorum";
        case FactError::kBadSignature:
            return "bad signature of a fact";
    }
    return "unknown fact error";
}

Hash fact_signing_hash(ChainId chain, Term term, const Fact& fact) {
    Bytes content;
    codec::encode_to(content, chain);
    codec::encode_to(content, term);
    codec::encode_to(content, fact);
    return crypto::blake2b_256(crypto::kDomainFactSign, content);
}

Hash fact_id(const CertifiedFact& fact) {
    return crypto::blake2b_256(crypto::kDomainFact, codec::encode(fact));
}

Hash facts_root(std::span<const CertifiedFact> facts) {
    std::vector<Hash> leaves;
    leaves.reserve(facts.size());
    for (const CertifiedFact& fact : facts) {
        leaves.push_back(merkle::leaf_hash(fact_id(fact).view()));
    }
    return merkle::root(leaves);
}

Result<void, FactError> verify_fact_vote(
    const FactVote& vote, const Committee& committee, CryptoChecker& checker) {
    if (vote.term != committee.term) {
        return std::unexpected(FactError::kWrongTerm);
    }
    if (vote.member >= committee.size()) {
        return std::unexpected(FactError::kUnknownMember);
    }
    const Hash message = fact_signing_hash(committee.chain, vote.term, vote.fact);
    const PublicKey& key = committee.members[vote.member].consensus_key;
    if (!checker.signature_valid(key, message.view(), vote.signature)) {
        return std::unexpected(FactError::kBadSignature);
    }
    return {};
}

Result<void, FactError> verify_fact(
    const CertifiedFact& fact, const Committee& committee, CryptoChecker& checker) {
    if (fact.term != committee.term) {
        return std::unexpected(FactError::kWrongTerm);
    }
    if (!signers_valid(fact.signers, committee.size(), fact.signatures.size())) {
        return std::unexpected(FactError::kBadSigners);
    }
    if (fact.signatures.size() < committee.quorum()) {
        return std::unexpected(FactError::kNoQuorum);
    }
    const Hash message = fact_signing_hash(committee.chain, fact.term, fact.fact);
    const std::vector<MemberIndex> signers = signers_of(fact.signers);
    for (std::size_t i = 0; i < signers.size(); ++i) {
        const PublicKey& key = committee.members[signers[i]].consensus_key;
        if (!checker.signature_valid(key, message.view(), fact.signatures[i])) {
            return std::unexpected(FactError::kBadSignature);
        }
    }
    return {};
}

}  // namespace polis::consensus
