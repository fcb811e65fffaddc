// What committee members send each other and what blocks hold of it. The first byte picks a type;
// what decodes has one encoding and meets its limits; shapes and evidence are judged without a
// crash, and what is accepted can be made again from its parts.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <consensus/pbft/certificate.hpp>
#include <consensus/pbft/evidence.hpp>
#include <consensus/pbft/io.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/signers.hpp>
#include <tests/fuzz/choices.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::pbft {
namespace {

constexpr ChainId kChain{7};

/// Takes every signature but those that begin with zero: point arithmetic has targets of its own.
class FakeChecker final : public consensus::CryptoChecker {
  public:
    bool signature_valid(
        const PublicKey& /*key*/, ByteView /*message*/, const Signature& signature) override {
        return signature.data[0] != 0;
    }

    std::optional<VrfOutput> vrf_output(
        const VrfPublicKey& /*key*/, ByteView /*input*/, const VrfProof& /*proof*/) override {
        return std::nullopt;
    }
};

/// Only sizes matter here.
consensus::Committee committee_of(std::size_t members, Term term) {
    consensus::Committee out;
    out.chain = kChain;
    out.term = term;
    out.members.resize(members);
    return out;
}

constexpr std::size_t kSizes[] = {1, 4, 7, 8, 200};

void check_signers(const consensus::Committee& committee, const Bytes& bits, std::size_t count) {
    const std::vector<MemberIndex> signers = consensus::signers_of(bits);
    POLIS_ASSERT_OP(signers.size(), ==, count);
    POLIS_ASSERT_OP(count, >=, committee.quorum());
    POLIS_ASSERT_OP(signers.back(), <, committee.size());
    POLIS_ASSERT(consensus::signer_bits(signers, committee.size()) == bits);
}

void check(const Certificate& certificate) {
    FakeChecker checker;
    for (const std::size_t members : kSizes) {
        const consensus::Committee committee = committee_of(members, certificate.statement.term);
        for (const Phase phase :
             {Phase::kProposal, Phase::kPrepare, Phase::kCommit, Phase::kViewChange}) {
            if (check_shape(certificate, phase, committee)) {
                check_signers(committee, certificate.signers, certificate.signatures.size());
                (void)verify_certificate(certificate, phase, committee, checker);
            }
        }
    }
}

void check(const std::optional<Certificate>& certificate) {
    if (certificate) {
        check(*certificate);
    }
}

void check(const Proposal& message) {
    POLIS_ASSERT_OP(message.summary.header.size(), <=, kHeaderBytesMax);
    POLIS_ASSERT_OP(message.summary.txns.size(), <=, kProposalTxnsMax);
    POLIS_ASSERT_OP(message.summary.facts.size(), <=, kFactsBytesMax);
    POLIS_ASSERT_OP(message.justification.changes.size(), <=, consensus::kCommitteeMax);
    check(message.parent);
    check(message.justification.prepared);
}

void check(const Ballot& message) {
    POLIS_ASSERT(to_string(message.vote.statement.phase) != "unknown phase");
}

void check(const ViewChangeMessage& message) { check(message.certificate); }

void check(const Decided& message) { check(message.certificate); }

void check(const Message& message) {
    POLIS_ASSERT(member_of(message).has_value() != std::holds_alternative<Decided>(message));
    (void)height_of(message);
    std::visit([](const auto& item) { check(item); }, message);
}

std::optional<Evidence> made_again(const PublicKey& offender, const Equivocation& proof) {
    return conflict(
        offender,
        {.statement = proof.second, .member = 1, .signature = proof.second_signature},
        {.statement = proof.first, .member = 1, .signature = proof.first_signature});
}

std::optional<Evidence> made_again(const PublicKey& offender, const Amnesia& proof) {
    const ViewChange change{
        .vote = {.statement = proof.change, .member = 1, .signature = proof.change_signature},
        .prepared = proof.prepared};
    return denial(
        offender,
        {.statement = proof.commit, .member = 1, .signature = proof.commit_signature},
        change);
}

void check(const Evidence& evidence) {
    FakeChecker checker;
    (void)height_of(evidence);
    const auto again = std::visit(
        [&](const auto& proof) { return made_again(evidence.offender, proof); }, evidence.proof);
    const auto verified = verify_evidence(evidence, kChain, checker);
    if (verified) {
        POLIS_ASSERT(again == evidence);
    } else if (again == evidence) {
        POLIS_ASSERT(verified.error() != EvidenceError::kNoConflict);
    }
}

void check(const consensus::CertifiedFact& fact) {
    FakeChecker checker;
    POLIS_ASSERT_OP(fact.fact.result.size(), <=, consensus::kFactResultBytesMax);
    for (const std::size_t members : kSizes) {
        const consensus::Committee committee = committee_of(members, fact.term);
        if (consensus::verify_fact(fact, committee, checker)) {
            check_signers(committee, fact.signers, fact.signatures.size());
        }
    }
}

void check(const std::vector<consensus::CertifiedFact>& facts) {
    POLIS_ASSERT(consensus::facts_root(facts).is_zero() == facts.empty());
}

void check(const consensus::FactVote& vote) {
    FakeChecker checker;
    for (const std::size_t members : kSizes) {
        if (consensus::verify_fact_vote(vote, committee_of(members, vote.term), checker)) {
            POLIS_ASSERT_OP(vote.member, <, members);
        }
    }
}

void check(const SafetyRecord& record) { check(record.prepared); }

void check(const consensus::Committee& committee) {
    POLIS_ASSERT_OP(committee.size(), <=, consensus::kCommitteeMax);
    if (committee.size() != 0 && is_permutation(committee.ranking, committee.size())) {
        POLIS_ASSERT_OP(
            committee.leader(Height{UINT64_MAX}, View{UINT64_MAX}), <, committee.size());
    }
}

template <class T>
void decode(ByteView input) {
    if (const auto value = fuzz::decode_canonical<T>(input)) {
        check(*value);
    }
}

void run(fuzz::Choices choices) {
    switch (choices.byte() % 8) {
        case 0:
            return decode<Message>(choices.rest());
        case 1:
            return decode<consensus::CertifiedFact>(choices.rest());
        case 2:
            return decode<Evidence>(choices.rest());
        case 3:
            return decode<SafetyRecord>(choices.rest());
        case 4:
            return decode<consensus::FactVote>(choices.rest());
        case 5:
            return decode<std::vector<consensus::CertifiedFact>>(choices.rest());
        case 6:
            return decode<consensus::Committee>(choices.rest());
        default:
            return decode<Certificate>(choices.rest());
    }
}

}  // namespace
}  // namespace polis::pbft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::pbft::run(polis::fuzz::Choices({data, size}));
    return 0;
}
