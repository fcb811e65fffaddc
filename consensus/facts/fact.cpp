#include <consensus/facts/fact.hpp>

#include <bit>

#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/merkle.hpp>

namespace polis::consensus {

namespace {

bool has_bit(const Bytes& bits, std::size_t index) {
    return (bits[index / 8] >> (index % 8) & 1U) != 0;
}

/// The members whose bit is set, ascending; nothing for a bitmap of another shape.
std::optional<std::vector<MemberIndex>> signers_of(const CertifiedFact& fact, std::size_t members) {
    if (fact.signers.size() != (members + 7) / 8) {
        return std::nullopt;
    }
    std::vector<MemberIndex> out;
    for (std::size_t i = 0; i < fact.signers.size() * 8; ++i) {
        if (has_bit(fact.signers, i)) {
            if (i >= members) {
                return std::nullopt;
            }
            out.push_back(static_cast<MemberIndex>(i));
        }
    }
    return out.size() == fact.signatures.size() ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace

std::string_view to_string(FactKind kind) {
    switch (kind) {
        case FactKind::kBlobAvailable:
            return "blob available";
        case FactKind::kModelScore:
            return "model score";
        case FactKind::kEvaluation:
            return "evaluation";
    }
    return "unknown kind of fact";
}

std::string_view to_string(FactError error) {
    switch (error) {
        case FactError::kWrongTerm:
            return "fact of another term";
        case FactError::kUnknownMember:
            return "fact signed by nobody of the committee";
        case FactError::kBadSigners:
            return "malformed set of signers";
        case FactError::kNoQuorum:
            return "fewer signers than a quorum";
        case FactError::kBadSignature:
            return "bad signature of a fact";
    }
    return "unknown fact error";
}

Hash fact_signing_hash(ChainId chain, Term term, const Fact& fact) {
    Bytes bytes = codec::encode(chain);
    codec::encode_to(bytes, term);
    codec::encode_to(bytes, fact);
    return crypto::blake2b_256(crypto::kDomainFactSign, bytes);
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
    const auto signers = signers_of(fact, committee.size());
    if (!signers) {
        return std::unexpected(FactError::kBadSigners);
    }
    if (signers->size() < committee.quorum()) {
        return std::unexpected(FactError::kNoQuorum);
    }
    const Hash message = fact_signing_hash(committee.chain, fact.term, fact.fact);
    for (std::size_t i = 0; i < signers->size(); ++i) {
        const PublicKey& key = committee.members[(*signers)[i]].consensus_key;
        if (!checker.signature_valid(key, message.view(), fact.signatures[i])) {
            return std::unexpected(FactError::kBadSignature);
        }
    }
    return {};
}

}  // namespace polis::consensus
