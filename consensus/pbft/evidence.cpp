#include <consensus/pbft/evidence.hpp>

namespace polis::pbft {

namespace {

bool same_place(const Statement& left, const Statement& right) {
    return left.chain == right.chain && left.term == right.term && left.height == right.height;
}

bool contradicts(const Equivocation& proof) {
    return same_place(proof.first, proof.second) && proof.first.view == proof.second.view &&
           proof.first.phase == proof.second.phase && proof.first.digest < proof.second.digest;
}

bool contradicts(const Amnesia& proof) {
    return same_place(proof.commit, proof.change) && proof.commit.phase == Phase::kCommit &&
           proof.change.phase == Phase::kViewChange && proof.change.view > proof.commit.view &&
           proof.change.digest == prepared_hash(proof.prepared) &&
           (!proof.prepared || proof.prepared->view < proof.commit.view);
}

/// The two halves of a proof.
struct Pair {
    const Statement& first;
    const Signature& first_signature;
    const Statement& second;
    const Signature& second_signature;
};

Pair pair_of(const Equivocation& proof) {
    return {proof.first, proof.first_signature, proof.second, proof.second_signature};
}

Pair pair_of(const Amnesia& proof) {
    return {proof.commit, proof.commit_signature, proof.change, proof.change_signature};
}

}  // namespace

std::string_view to_string(EvidenceError error) {
    switch (error) {
        case EvidenceError::kWrongChain:
            return "evidence of another chain";
        case EvidenceError::kNoConflict:
            return "statements that may both be honest";
        case EvidenceError::kBadSignature:
            return "bad signature in evidence";
    }
    return "unknown evidence error";
}

Height height_of(const Evidence& evidence) {
    return std::visit(
        [](const auto& proof) { return pair_of(proof).first.height; }, evidence.proof);
}

Result<void, EvidenceError> verify_evidence(
    const Evidence& evidence, ChainId chain, consensus::CryptoChecker& checker) {
    const Pair pair = std::visit([](const auto& proof) { return pair_of(proof); }, evidence.proof);
    if (pair.first.chain != chain) {
        return std::unexpected(EvidenceError::kWrongChain);
    }
    if (!std::visit([](const auto& proof) { return contradicts(proof); }, evidence.proof)) {
        return std::unexpected(EvidenceError::kNoConflict);
    }
    const auto valid = [&](const Statement& statement, const Signature& signature) {
        return checker.signature_valid(
            evidence.offender, signing_hash(statement).view(), signature);
    };
    if (!valid(pair.first, pair.first_signature) || !valid(pair.second, pair.second_signature)) {
        return std::unexpected(EvidenceError::kBadSignature);
    }
    return {};
}

}  // namespace polis::pbft
