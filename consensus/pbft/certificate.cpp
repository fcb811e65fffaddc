#include <consensus/pbft/certificate.hpp>

#include <algorithm>

#include <consensus/signers.hpp>
#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::pbft {

std::string_view to_string(CertificateError error) {
    switch (error) {
        case CertificateError::kWrongPhase:
            return "certificate of another phase";
        case CertificateError::kWrongChain:
            return "certificate of another chain";
        case CertificateError::kWrongTerm:
            return "certificate of another term";
        case CertificateError::kBadSigners:
            return "malformed set of signers";
        case CertificateError::kNoQuorum:
            return "fewer signers than a quorum";
        case CertificateError::kBadSignature:
            return "bad signature in a certificate";
    }
    return "unknown certificate error";
}

Hash certificate_hash(const Certificate& certificate) {
    return crypto::blake2b_256(crypto::kDomainCertificate, codec::encode(certificate));
}

Certificate make_certificate(std::span<const Vote> votes, std::size_t members) {
    POLIS_ASSERT(!votes.empty());
    std::vector<const Vote*> sorted;
    sorted.reserve(votes.size());
    for (const Vote& vote : votes) {
        sorted.push_back(&vote);
    }
    std::ranges::sort(sorted, {}, &Vote::member);
    Certificate out{.statement = votes.front().statement, .signers = {}, .signatures = {}};
    std::vector<MemberIndex> signers;
    signers.reserve(votes.size());
    for (const Vote* vote : sorted) {
        POLIS_ASSERT(vote->statement == out.statement);
        signers.push_back(vote->member);
        out.signatures.push_back(vote->signature);
    }
    out.signers = consensus::signer_bits(signers, members);
    return out;
}

std::vector<MemberIndex> signers_of(const Certificate& certificate) {
    return consensus::signers_of(certificate.signers);
}

Result<void, CertificateError> check_shape(
    const Certificate& certificate, Phase phase, const consensus::Committee& committee) {
    if (certificate.statement.phase != phase ||
        (phase != Phase::kPrepare && phase != Phase::kCommit)) {
        return std::unexpected(CertificateError::kWrongPhase);
    }
    if (certificate.statement.chain != committee.chain) {
        return std::unexpected(CertificateError::kWrongChain);
    }
    if (certificate.statement.term != committee.term) {
        return std::unexpected(CertificateError::kWrongTerm);
    }
    if (!consensus::signers_valid(
            certificate.signers, committee.size(), certificate.signatures.size())) {
        return std::unexpected(CertificateError::kBadSigners);
    }
    if (certificate.signatures.size() < committee.quorum()) {
        return std::unexpected(CertificateError::kNoQuorum);
    }
    return {};
}

Result<void, CertificateError> verify_certificate(
    const Certificate& certificate,
    Phase phase,
    const consensus::Committee& committee,
    consensus::CryptoChecker& checker) {
    POLIS_TRY_VOID(check_shape(certificate, phase, committee));
    const Hash message = signing_hash(certificate.statement);
    const std::vector<MemberIndex> signers = signers_of(certificate);
    for (std::size_t i = 0; i < signers.size(); ++i) {
        const PublicKey& key = committee.members[signers[i]].consensus_key;
        if (!checker.signature_valid(key, message.view(), certificate.signatures[i])) {
            return std::unexpected(CertificateError::kBadSignature);
        }
    }
    return {};
}

}  // namespace polis::pbft
