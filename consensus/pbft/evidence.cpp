#include <consensus/pbft/evidence.hpp>

#include <tuple>
#include <utility>

#include <consensus/mutants.hpp>

namespace polis::pbft {

namespace {

auto instance_of(const Statement& statement) {
    return std::tie(statement.chain, statement.term, statement.height);
}

/// Rule [E2]: one height, one view, one phase, two digests; the smaller one stands first.
bool conflicts(const Equivocation& proof) {
    return instance_of(proof.first) == instance_of(proof.second) &&
           proof.first.view == proof.second.view && proof.first.phase == proof.second.phase &&
           proof.first.digest < proof.second.digest;
}

/// Rule [E3]: the later view change says less than the commit did.
bool conflicts(const Amnesia& proof) {
    if (proof.commit.phase != Phase::kCommit || proof.change.phase != Phase::kViewChange ||
        instance_of(proof.commit) != instance_of(proof.change) ||
        proof.change.view <= proof.commit.view ||
        proof.change.digest != prepared_hash(proof.prepared)) {
        return false;
    }
    if (!proof.prepared || proof.prepared->view < proof.commit.view ||
        consensus::broken(consensus::Mutant::kAccusesHonest)) {
        return true;
    }
    return proof.prepared->view == proof.commit.view &&
           proof.prepared->digest != proof.commit.digest;
}

struct Signed {
    const Statement& statement;
    const Signature& signature;
};

std::pair<Signed, Signed> statements_of(const Equivocation& proof) {
    return {{proof.first, proof.first_signature}, {proof.second, proof.second_signature}};
}

std::pair<Signed, Signed> statements_of(const Amnesia& proof) {
    return {{proof.commit, proof.commit_signature}, {proof.change, proof.change_signature}};
}

}  // namespace

std::string_view to_string(EvidenceError error) {
    switch (error) {
        case EvidenceError::kWrongChain:
            return "evidence of another chain";
        case EvidenceError::kNoConflict:
            return "the two statements do not conflict";
        case EvidenceError::kBadSignature:
            return "bad signature in evidence";
    }
    return "unknown evidence error";
}

Height height_of(const Evidence& evidence) {
    return std::visit(
        [](const auto& proof) { return statements_of(proof).first.statement.height; },
        evidence.proof);
}

std::optional<Evidence> conflict(const PublicKey& offender, const Vote& first, const Vote& second) {
    const bool ordered = first.statement.digest < second.statement.digest;
    const Vote& smaller = ordered ? first : second;
    const Vote& larger = ordered ? second : first;
    const Equivocation proof{
        .first = smaller.statement,
        .first_signature = smaller.signature,
        .second = larger.statement,
        .second_signature = larger.signature};
    if (first.member != second.member || !conflicts(proof)) {
        return std::nullopt;
    }
    return Evidence{.offender = offender, .proof = proof};
}

std::optional<Evidence> denial(
    const PublicKey& offender, const Vote& commit, const ViewChange& change) {
    const Amnesia proof{
        .commit = commit.statement,
        .commit_signature = commit.signature,
        .change = change.vote.statement,
        .change_signature = change.vote.signature,
        .prepared = change.prepared};
    if (commit.member != change.vote.member || !conflicts(proof)) {
        return std::nullopt;
    }
    return Evidence{.offender = offender, .proof = proof};
}

Result<void, EvidenceError> verify_evidence(
    const Evidence& evidence, ChainId chain, consensus::CryptoChecker& checker) {
    const auto [first, second] =
        std::visit([](const auto& proof) { return statements_of(proof); }, evidence.proof);
    if (first.statement.chain != chain || second.statement.chain != chain) {
        return std::unexpected(EvidenceError::kWrongChain);
    }
    if (!std::visit([](const auto& proof) { return conflicts(proof); }, evidence.proof)) {
        return std::unexpected(EvidenceError::kNoConflict);
    }
    for (const Signed& item : {first, second}) {
        const Hash message = signing_hash(item.statement);
        if (!checker.signature_valid(evidence.offender, message.view(), item.signature)) {
            return std::unexpected(EvidenceError::kBadSignature);
        }
    }
    return {};
}

}  // namespace polis::pbft
