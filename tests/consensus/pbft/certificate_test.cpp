// Votes bind everything they are about; certificates are votes of a quorum in one encoding.
#include <consensus/pbft/certificate.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/pbft/messages.hpp>
#include <core/codec/borsh.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::pbft {
namespace {

using testing::hash_of;
using testing::make_people;
using testing::People;

Statement statement_of(Phase phase) {
    return {
        .chain = ChainId{7},
        .term = Term{3},
        .height = Height{50},
        .view = View{2},
        .phase = phase,
        .digest = hash_of(1)};
}

Certificate certificate_of(
    const People& people, const Statement& statement, const std::vector<MemberIndex>& signers) {
    std::vector<Vote> votes;
    for (const MemberIndex member : signers) {
        votes.push_back(people.vote(member, statement));
    }
    return make_certificate(votes, people.committee.size());
}

TEST(Vote, v1_a_signature_names_everything_that_tells_votes_apart) {
    std::set<Hash> hashes{signing_hash(statement_of(Phase::kPrepare))};
    for (const auto& change : std::vector<void (*)(Statement&)>{
             [](Statement& s) { ++s.chain.value; },
             [](Statement& s) { ++s.term.value; },
             [](Statement& s) { ++s.height.value; },
             [](Statement& s) { ++s.view.value; },
             [](Statement& s) { s.phase = Phase::kProposal; },
             [](Statement& s) { s.phase = Phase::kCommit; },
             [](Statement& s) { s.phase = Phase::kViewChange; },
             [](Statement& s) { s.digest = hash_of(2); }}) {
        Statement changed = statement_of(Phase::kPrepare);
        change(changed);
        EXPECT_TRUE(hashes.insert(signing_hash(changed)).second);
    }
}

TEST(Vote, v1_verifies_with_the_members_key_only) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    Vote vote = people.vote(1, statement_of(Phase::kPrepare));
    EXPECT_TRUE(signature_valid(vote, people.committee, checker));
    vote.member = 2;
    EXPECT_FALSE(signature_valid(vote, people.committee, checker));
}

TEST(Certificate, c4_a_quorum_of_any_members_verifies) {
    Random random(3, "quorums");
    consensus::PlainChecker checker;
    for (const std::size_t n : {1U, 2U, 3U, 4U, 7U, 8U, 13U, 16U, 17U}) {
        const People people = make_people(n);
        std::vector<MemberIndex> members(n);
        for (std::size_t i = 0; i < n; ++i) {
            members[i] = static_cast<MemberIndex>(i);
        }
        random.shuffle(members);
        members.resize(people.committee.quorum());
        for (const Phase phase : {Phase::kPrepare, Phase::kCommit}) {
            const Certificate certificate = certificate_of(people, statement_of(phase), members);
            EXPECT_TRUE(verify_certificate(certificate, phase, people.committee, checker)) << n;
        }
        std::ranges::sort(members);
        EXPECT_EQ(
            signers_of(certificate_of(people, statement_of(Phase::kCommit), members)), members);
    }
}

TEST(Certificate, c1_is_a_prepare_or_a_commit_and_the_one_expected) {
    const People people = make_people(4);
    const auto error_of = [&](Phase phase, Phase expected) {
        const Certificate certificate = certificate_of(people, statement_of(phase), {0, 1, 2});
        return check_shape(certificate, expected, people.committee).error();
    };
    EXPECT_EQ(error_of(Phase::kPrepare, Phase::kCommit), CertificateError::kWrongPhase);
    EXPECT_EQ(error_of(Phase::kCommit, Phase::kPrepare), CertificateError::kWrongPhase);
    EXPECT_EQ(error_of(Phase::kProposal, Phase::kProposal), CertificateError::kWrongPhase);
    EXPECT_EQ(error_of(Phase::kViewChange, Phase::kViewChange), CertificateError::kWrongPhase);
}

TEST(Certificate, c2_is_of_the_committees_chain_and_term) {
    const People people = make_people(4);
    Statement statement = statement_of(Phase::kCommit);
    ++statement.chain.value;
    EXPECT_EQ(
        check_shape(certificate_of(people, statement, {0, 1, 2}), Phase::kCommit, people.committee)
            .error(),
        CertificateError::kWrongChain);
    statement = statement_of(Phase::kCommit);
    ++statement.term.value;
    EXPECT_EQ(
        check_shape(certificate_of(people, statement, {0, 1, 2}), Phase::kCommit, people.committee)
            .error(),
        CertificateError::kWrongTerm);
}

TEST(Certificate, c3_has_one_encoding_of_its_signers) {
    const People people = make_people(4);
    const Certificate good = certificate_of(people, statement_of(Phase::kCommit), {0, 1, 3});
    const auto error_of = [&](auto change) {
        Certificate changed = good;
        change(changed);
        return check_shape(changed, Phase::kCommit, people.committee).error();
    };
    EXPECT_EQ(error_of([](auto& c) { c.signers = {}; }), CertificateError::kBadSigners);
    EXPECT_EQ(error_of([](auto& c) { c.signers.push_back(0); }), CertificateError::kBadSigners);
    EXPECT_EQ(error_of([](auto& c) { c.signers[0] = 0x1b; }), CertificateError::kBadSigners);
    EXPECT_EQ(error_of([](auto& c) { c.signers[0] = 0x13; }), CertificateError::kBadSigners);
    EXPECT_EQ(error_of([](auto& c) { c.signatures.pop_back(); }), CertificateError::kBadSigners);
    EXPECT_EQ(
        error_of([](auto& c) { c.signatures.push_back(c.signatures[0]); }),
        CertificateError::kBadSigners);
}

TEST(Certificate, c3_one_signature_fewer_than_a_quorum_is_none) {
    for (std::size_t n = 1; n <= 40; ++n) {
        const People people = make_people(n);
        Certificate certificate;
        certificate.statement = statement_of(Phase::kCommit);
        certificate.signers = Bytes((n + 7) / 8);
        const std::size_t quorum = people.committee.quorum();
        for (std::size_t i = 0; i < quorum; ++i) {
            const auto checked = check_shape(certificate, Phase::kCommit, people.committee);
            ASSERT_FALSE(checked.has_value());
            EXPECT_EQ(checked.error(), CertificateError::kNoQuorum);
            certificate.signers[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
            certificate.signatures.emplace_back();
        }
        EXPECT_TRUE(check_shape(certificate, Phase::kCommit, people.committee).has_value()) << n;
    }
}

TEST(Certificate, c4_every_signature_is_checked) {
    const People people = make_people(7);
    consensus::PlainChecker checker;
    const Certificate good = certificate_of(people, statement_of(Phase::kCommit), {0, 2, 3, 5, 6});
    for (std::size_t i = 0; i < good.signatures.size(); ++i) {
        Certificate changed = good;
        changed.signatures[i].data[3] ^= 1;
        EXPECT_EQ(
            verify_certificate(changed, Phase::kCommit, people.committee, checker).error(),
            CertificateError::kBadSignature);
    }
    Certificate other_block = good;
    other_block.statement.digest = hash_of(2);
    EXPECT_EQ(
        verify_certificate(other_block, Phase::kCommit, people.committee, checker).error(),
        CertificateError::kBadSignature);
    Certificate other_members = good;
    other_members.signers[0] = 0x7c;
    EXPECT_EQ(
        verify_certificate(other_members, Phase::kCommit, people.committee, checker).error(),
        CertificateError::kBadSignature);
}

TEST(Certificate, c4_prepares_are_no_commits) {
    const People people = make_people(4);
    consensus::PlainChecker checker;
    Certificate certificate = certificate_of(people, statement_of(Phase::kPrepare), {0, 1, 2});
    certificate.statement.phase = Phase::kCommit;
    EXPECT_EQ(
        verify_certificate(certificate, Phase::kCommit, people.committee, checker).error(),
        CertificateError::kBadSignature);
}

TEST(Certificate, name_covers_the_signers) {
    const People people = make_people(4);
    const Statement statement = statement_of(Phase::kCommit);
    const std::set<Hash> names{
        certificate_hash(certificate_of(people, statement, {0, 1, 2})),
        certificate_hash(certificate_of(people, statement, {1, 2, 3})),
        certificate_hash(certificate_of(people, statement, {0, 1, 2, 3}))};
    EXPECT_EQ(names.size(), 3U);
}

TEST(Prepared, hash_tells_every_claim_apart) {
    const std::set<Hash> hashes{
        prepared_hash(std::nullopt),
        prepared_hash(Prepared{}),
        prepared_hash(Prepared{View{1}, Hash{}}),
        prepared_hash(Prepared{View{0}, hash_of(1)})};
    EXPECT_EQ(hashes.size(), 4U);
}

}  // namespace
}  // namespace polis::pbft
