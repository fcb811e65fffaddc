#include <tests/fuzz/consensus_seeds.hpp>

#include <cstdint>
#include <optional>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <consensus/pbft/evidence.hpp>
#include <consensus/pbft/messages.hpp>
#include <consensus/pbft/safety.hpp>
#include <consensus/signers.hpp>
#include <core/codec/borsh.hpp>
#include <tests/consensus/people.hpp>

namespace polis::fuzz {

namespace {

using pbft::Phase;
using testing::hash_of;
using testing::People;

/// The byte that the target reads first, then the value.
template <class T>
Bytes picked(std::uint8_t choice, const T& value) {
    Bytes out{choice};
    append(out, codec::encode(value));
    return out;
}

pbft::Statement statement_of(Phase phase, std::uint64_t view, const Hash& digest) {
    return {
        .chain = ChainId{7},
        .term = Term{3},
        .height = Height{50},
        .view = View{view},
        .phase = phase,
        .digest = digest};
}

pbft::Certificate certificate_of(const People& people, Phase phase) {
    std::vector<pbft::Vote> votes;
    for (const pbft::MemberIndex member : std::vector<pbft::MemberIndex>{0, 1, 3}) {
        votes.push_back(people.vote(member, statement_of(phase, 1, hash_of(1))));
    }
    return pbft::make_certificate(votes, people.committee.size());
}

pbft::ViewChange change_of(
    const People& people, pbft::MemberIndex member, const std::optional<pbft::Prepared>& prepared) {
    return {
        .vote =
            people.vote(member, statement_of(Phase::kViewChange, 2, pbft::prepared_hash(prepared))),
        .prepared = prepared};
}

void add_messages(std::map<std::string, Bytes>& files, const People& people) {
    const pbft::Prepared prepared{View{1}, hash_of(1)};
    const pbft::Summary summary{.header = Bytes(40, 5), .txns = {hash_of(6)}, .facts = Bytes(4)};
    pbft::Proposal proposal{
        .vote = people.vote(2, statement_of(Phase::kProposal, 0, hash_of(1))),
        .summary = summary,
        .parent = std::nullopt,
        .justification = {}};
    files["seed_proposal"] = picked(0, pbft::Message(proposal));
    proposal.vote = people.vote(0, statement_of(Phase::kProposal, 2, hash_of(1)));
    proposal.parent = certificate_of(people, Phase::kCommit);
    proposal.justification = {
        .changes =
            {change_of(people, 0, prepared),
             change_of(people, 1, std::nullopt),
             change_of(people, 3, prepared)},
        .prepared = certificate_of(people, Phase::kPrepare)};
    files["seed_new_view"] = picked(0, pbft::Message(proposal));
    const pbft::Ballot ballot{people.vote(1, statement_of(Phase::kCommit, 1, hash_of(1)))};
    files["seed_ballot"] = picked(0, pbft::Message(ballot));
    const pbft::ViewChangeMessage change{
        .change = change_of(people, 1, prepared),
        .certificate = certificate_of(people, Phase::kPrepare)};
    files["seed_view_change"] = picked(0, pbft::Message(change));
    const pbft::Decided decided{certificate_of(people, Phase::kCommit)};
    files["seed_decided"] = picked(0, pbft::Message(decided));
    files["seed_certificate"] = picked(7, decided.certificate);
    files["seed_committee"] = picked(6, people.committee);
    pbft::SafetyRecord record;
    record.height = Height{50};
    record.commit = hash_of(1);
    record.prepared = certificate_of(people, Phase::kPrepare);
    files["seed_record"] = picked(3, record);
}

void add_evidence(std::map<std::string, Bytes>& files, const People& people) {
    const pbft::Vote commit = people.vote(1, statement_of(Phase::kCommit, 1, hash_of(1)));
    const pbft::Vote other = people.vote(1, statement_of(Phase::kCommit, 1, hash_of(2)));
    files["seed_equivocation"] = picked(2, *pbft::conflict(people.key_of(1), commit, other));
    files["seed_amnesia"] =
        picked(2, *pbft::denial(people.key_of(1), commit, change_of(people, 1, std::nullopt)));
    const pbft::Prepared earlier{View{0}, hash_of(1)};
    files["seed_amnesia_earlier"] =
        picked(2, *pbft::denial(people.key_of(1), commit, change_of(people, 1, earlier)));
}

void add_facts(std::map<std::string, Bytes>& files, const People& people) {
    const consensus::Fact fact{
        .kind = consensus::FactKind::kModelScore, .subject = hash_of(9), .result = {1, 2, 3}};
    const std::vector<consensus::MemberIndex> signers{0, 2, 3};
    consensus::CertifiedFact certified{
        .term = people.committee.term,
        .fact = fact,
        .signers = consensus::signer_bits(signers, people.committee.size()),
        .signatures = {}};
    for (const consensus::MemberIndex member : signers) {
        certified.signatures.push_back(people.fact_vote(member, fact).signature);
    }
    files["seed_fact"] = picked(1, certified);
    files["seed_fact_vote"] = picked(4, people.fact_vote(2, fact));
    files["seed_facts"] = picked(5, std::vector{certified, certified});
}

}  // namespace

std::map<std::string, Bytes> consensus_seeds() {
    const People people = testing::make_people(4);
    std::map<std::string, Bytes> files;
    add_messages(files, people);
    add_evidence(files, people);
    add_facts(files, people);
    return files;
}

}  // namespace polis::fuzz
