#include <consensus/pbft/verify.hpp>

#include <consensus/mutants.hpp>
#include <consensus/pbft/justification.hpp>

namespace polis::pbft {

namespace {

using consensus::broken;
using consensus::Committee;
using consensus::CryptoChecker;
using consensus::Mutant;

using Verdictless = Result<void, Reject>;

std::unexpected<Reject> reject(Reject reason) { return std::unexpected(reason); }

/// One message's surroundings.
struct Gate {
    const Schedule& schedule;
    const Committee& committee;  ///< of the message's height
    CryptoChecker& checker;
};

/// Cheap checks first: a signature costs as much as everything else together.
Verdictless check_vote(const Gate& gate, const Vote& vote) {
    const Statement& said = vote.statement;
    if (said.chain != gate.committee.chain) {
        return reject(Reject::kWrongChain);
    }
    if (said.term != gate.committee.term) {
        return reject(Reject::kWrongTerm);
    }
    if (vote.member >= gate.committee.size()) {
        return reject(Reject::kUnknownMember);
    }
    return {};
}

Verdictless check_signature(const Gate& gate, const Vote& vote) {
    if (!signature_valid(vote, gate.committee, gate.checker)) {
        return reject(Reject::kBadSignature);
    }
    return {};
}

Verdictless check_certificate(
    const Gate& gate, const Certificate& certificate, Phase phase, const Committee& committee) {
    if (broken(Mutant::kUncheckedCertificates)) {
        return {};
    }
    if (!verify_certificate(certificate, phase, committee, gate.checker)) {
        return reject(Reject::kBadCertificate);
    }
    return {};
}

Verdictless check(const Gate& gate, const Ballot& ballot) {
    const Phase phase = ballot.vote.statement.phase;
    if (phase != Phase::kPrepare && phase != Phase::kCommit) {
        return reject(Reject::kWrongPhase);
    }
    POLIS_TRY_VOID(check_vote(gate, ballot.vote));
    return broken(Mutant::kUncheckedSignatures) ? Verdictless{}
                                                : check_signature(gate, ballot.vote);
}

/// The claim and its proof belong together, and to a view below the one that is entered.
Verdictless check_claim(const ViewChangeMessage& message) {
    const Statement& said = message.change.vote.statement;
    const auto& prepared = message.change.prepared;
    if (said.digest != prepared_hash(prepared)) {
        return reject(Reject::kBadDigest);
    }
    if (prepared.has_value() != message.certificate.has_value()) {
        return reject(Reject::kBadCertificate);
    }
    if (!prepared) {
        return {};
    }
    const Statement& certified = message.certificate->statement;
    if (prepared->view >= said.view || certified.height != said.height ||
        certified.view != prepared->view || certified.digest != prepared->digest) {
        return reject(Reject::kBadCertificate);
    }
    return {};
}

Verdictless check(const Gate& gate, const ViewChangeMessage& message) {
    const Vote& vote = message.change.vote;
    if (vote.statement.phase != Phase::kViewChange || vote.statement.view == View{}) {
        return reject(Reject::kWrongPhase);
    }
    POLIS_TRY_VOID(check_vote(gate, vote));
    POLIS_TRY_VOID(check_claim(message));
    POLIS_TRY_VOID(check_signature(gate, vote));
    if (message.certificate) {
        return check_certificate(gate, *message.certificate, Phase::kPrepare, gate.committee);
    }
    return {};
}

Verdictless check_justification(const Gate& gate, const Proposal& proposal) {
    const Statement& said = proposal.vote.statement;
    const auto choice = choice_of(proposal.justification, gate.committee, {said.height, said.view});
    if (!choice || !choice->allows(said.digest)) {
        return reject(Reject::kUnjustified);
    }
    if (broken(Mutant::kUncheckedViewChange)) {
        return {};
    }
    for (const ViewChange& change : proposal.justification.changes) {
        POLIS_TRY_VOID(check_signature(gate, change.vote));
    }
    if (proposal.justification.prepared) {
        return check_certificate(
            gate, *proposal.justification.prepared, Phase::kPrepare, gate.committee);
    }
    return {};
}

/// The commit certificate of the parent. For a proposal at the height being decided it certifies
/// the head; for one at the next height it decides this one.
Verdictless check_parent(const Gate& gate, const Proposal& proposal) {
    const Height height = proposal.vote.statement.height;
    if (height == Height{1}) {
        return proposal.parent ? Verdictless{reject(Reject::kBadCertificate)} : Verdictless{};
    }
    if (!proposal.parent) {
        return reject(Reject::kBadCertificate);
    }
    const bool on_head = height == gate.schedule.height;
    const Statement& certified = proposal.parent->statement;
    if (certified.height.value + 1 != height.value ||
        (on_head && certified.digest != gate.schedule.head)) {
        return reject(Reject::kBadCertificate);
    }
    const Committee& voters = on_head ? gate.schedule.parent : gate.schedule.current;
    return check_certificate(gate, *proposal.parent, Phase::kCommit, voters);
}

/// Whether it is known who leads: the ranking of a term is known once the term before it has ended,
/// and one that does not rotate changes with each height whose first leaders failed.
bool is_ranked(const Gate& gate, Height height) {
    return height == gate.schedule.height ||
           (gate.committee.term == gate.schedule.current.term && gate.committee.ranking.rotates);
}

Verdictless check(const Gate& gate, const Proposal& proposal) {
    const Statement& said = proposal.vote.statement;
    if (said.phase != Phase::kProposal) {
        return reject(Reject::kWrongPhase);
    }
    POLIS_TRY_VOID(check_vote(gate, proposal.vote));
    if (is_ranked(gate, said.height) &&
        proposal.vote.member != gate.committee.leader(said.height, said.view)) {
        return reject(Reject::kNotLeader);
    }
    if (said.digest != summary_hash(proposal.summary)) {
        return reject(Reject::kBadDigest);
    }
    POLIS_TRY_VOID(check_signature(gate, proposal.vote));
    POLIS_TRY_VOID(check_justification(gate, proposal));
    return check_parent(gate, proposal);
}

Verdictless check(const Gate& gate, const Decided& decided) {
    return check_certificate(gate, decided.certificate, Phase::kCommit, gate.committee);
}

}  // namespace

std::string_view to_string(Reject reject) {
    switch (reject) {
        case Reject::kStale:
            return "a height that is decided already";
        case Reject::kFuture:
            return "beyond the next height";
        case Reject::kWrongChain:
            return "signed for another chain";
        case Reject::kWrongTerm:
            return "not the term of its height";
        case Reject::kWrongPhase:
            return "a phase that this kind of message cannot have";
        case Reject::kUnknownMember:
            return "not a member of the committee";
        case Reject::kNotLeader:
            return "a proposal by a member that does not lead its view";
        case Reject::kBadDigest:
            return "the digest does not match the content";
        case Reject::kBadCertificate:
            return "a certificate does not prove what it should";
        case Reject::kUnjustified:
            return "the view changes shown do not allow this block";
        case Reject::kBadSignature:
            return "bad signature";
        case Reject::kMalformed:
            return "not the encoding of a message";
    }
    return "unknown reason";
}

bool is_misbehaviour(Reject reject) {
    return reject != Reject::kStale && reject != Reject::kFuture;
}

const consensus::Committee* Schedule::at(Height wanted) const {
    if (wanted == height) {
        return &current;
    }
    if (wanted.value == height.value + 1 && height.value + 1 != 0) {
        return broken(Mutant::kStaleCommittee) ? &current : &next;
    }
    return nullptr;
}

Result<Verified, Reject> verify(
    Message message, const Schedule& schedule, consensus::CryptoChecker& checker) {
    const Height height = height_of(message);
    if (height < schedule.height) {
        return reject(Reject::kStale);
    }
    const Committee* committee = schedule.at(height);
    if (committee == nullptr) {
        return reject(Reject::kFuture);
    }
    const Gate gate{schedule, *committee, checker};
    POLIS_TRY_VOID(std::visit([&gate](const auto& item) { return check(gate, item); }, message));
    return Verified(std::move(message));
}

}  // namespace polis::pbft
