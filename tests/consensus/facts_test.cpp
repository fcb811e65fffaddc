// Facts: what is signed, what a certified fact must be, and the collector that makes them.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/facts/collector.hpp>
#include <consensus/facts/fact.hpp>
#include <consensus/signers.hpp>
#include <core/codec/borsh.hpp>
#include <core/merkle.hpp>
#include <core/random.hpp>
#include <tests/consensus/people.hpp>

namespace polis::consensus {
namespace {

using testing::hash_of;
using testing::make_people;
using testing::People;

using Outcome = FactVoteOutcome;

Fact fact_of(std::uint8_t subject, Bytes result = {1}, FactKind kind = FactKind::kEvaluation) {
    return {.kind = kind, .subject = hash_of(subject), .result = std::move(result)};
}

CertifiedFact certified(
    const People& people, const Fact& fact, const std::vector<MemberIndex>& signers) {
    CertifiedFact out{.term = people.committee.term, .fact = fact, .signers = {}, .signatures = {}};
    out.signers = signer_bits(signers, people.committee.size());
    for (const MemberIndex member : signers) {
        out.signatures.push_back(people.fact_vote(member, fact).signature);
    }
    return out;
}

FactCollector collector_of(const People& people, FactCollector::Limits limits = {}) {
    return {people.key_of(0), people.committee, std::nullopt, limits};
}

/// Members 0 to q - 1 vote. @return the last answer
FactCollector::Added certify(FactCollector& collector, const People& people, const Fact& fact) {
    FactCollector::Added last;
    for (std::size_t i = 0; i < people.committee.quorum(); ++i) {
        last = collector.add(people.fact_vote(static_cast<MemberIndex>(i), fact));
    }
    return last;
}

std::vector<CertifiedFact> all_of(const FactCollector& collector) {
    return collector.choose(SIZE_MAX, SIZE_MAX);
}

// ---- facts --------------------------------------------------------------------------------------

TEST(Fact, signature_binds_chain_term_and_every_field) {
    const Fact fact = fact_of(1);
    std::set<Hash> hashes{
        fact_signing_hash(ChainId{1}, Term{2}, fact),
        fact_signing_hash(ChainId{2}, Term{2}, fact),
        fact_signing_hash(ChainId{1}, Term{1}, fact),
        fact_signing_hash(ChainId{1}, Term{2}, fact_of(2)),
        fact_signing_hash(ChainId{1}, Term{2}, fact_of(1, {2})),
        fact_signing_hash(ChainId{1}, Term{2}, fact_of(1, {1}, FactKind::kModelScore))};
    EXPECT_EQ(hashes.size(), 6U);
}

TEST(Fact, a_vote_counts_only_with_the_members_own_signature) {
    const People people = make_people(4);
    PlainChecker checker;
    const FactVote vote = people.fact_vote(2, fact_of(1));
    EXPECT_TRUE(verify_fact_vote(vote, people.committee, checker).has_value());
    const auto error_of = [&](auto change) {
        FactVote changed = vote;
        change(changed);
        return verify_fact_vote(changed, people.committee, checker).error();
    };
    EXPECT_EQ(error_of([](auto& v) { ++v.term.value; }), FactError::kWrongTerm);
    EXPECT_EQ(error_of([](auto& v) { v.member = 4; }), FactError::kUnknownMember);
    EXPECT_EQ(error_of([](auto& v) { v.member = 65535; }), FactError::kUnknownMember);
    EXPECT_EQ(error_of([](auto& v) { v.member = 1; }), FactError::kBadSignature);
    EXPECT_EQ(error_of([](auto& v) { v.fact.result = {2}; }), FactError::kBadSignature);
    EXPECT_EQ(error_of([](auto& v) { v.signature.data[0] ^= 1; }), FactError::kBadSignature);
}

TEST(Fact, a_certified_fact_needs_a_quorum_of_valid_signatures) {
    PlainChecker checker;
    for (const std::size_t n : {1U, 2U, 4U, 7U, 9U}) {
        const People people = make_people(n);
        std::vector<MemberIndex> signers;
        for (std::size_t i = n - people.committee.quorum(); i < n; ++i) {
            signers.push_back(static_cast<MemberIndex>(i));
        }
        const CertifiedFact fact = certified(people, fact_of(1), signers);
        EXPECT_TRUE(verify_fact(fact, people.committee, checker).has_value()) << n;
        for (std::size_t bad = 0; bad < fact.signatures.size(); ++bad) {
            CertifiedFact changed = fact;
            changed.signatures[bad].data[40] ^= 1;
            EXPECT_EQ(
                verify_fact(changed, people.committee, checker).error(), FactError::kBadSignature);
        }
        signers.pop_back();
        EXPECT_EQ(
            verify_fact(certified(people, fact_of(1), signers), people.committee, checker).error(),
            FactError::kNoQuorum)
            << n;
    }
}

TEST(Fact, a_malformed_certified_fact_is_refused) {
    PlainChecker checker;
    const People people = make_people(4);
    const CertifiedFact fact = certified(people, fact_of(1), {0, 1, 3});
    const auto error_of = [&](auto change) {
        CertifiedFact changed = fact;
        change(changed);
        return verify_fact(changed, people.committee, checker).error();
    };
    EXPECT_EQ(error_of([](auto& f) { ++f.term.value; }), FactError::kWrongTerm);
    EXPECT_EQ(error_of([](auto& f) { f.signers = {}; }), FactError::kBadSigners);
    EXPECT_EQ(error_of([](auto& f) { f.signers.push_back(0); }), FactError::kBadSigners);
    EXPECT_EQ(error_of([](auto& f) { f.signers[0] |= 0x10; }), FactError::kBadSigners);
    EXPECT_EQ(error_of([](auto& f) { f.signers[0] = 0x1b; }), FactError::kBadSigners);
    EXPECT_EQ(error_of([](auto& f) { f.signatures.pop_back(); }), FactError::kBadSigners);
    EXPECT_EQ(error_of([](auto& f) { f.signers[0] = 0x07; }), FactError::kBadSignature);
    EXPECT_EQ(
        error_of([](auto& f) { std::swap(f.signatures[0], f.signatures[1]); }),
        FactError::kBadSignature);
}

TEST(Fact, root_covers_every_certified_fact_in_order) {
    const People people = make_people(4);
    const CertifiedFact first = certified(people, fact_of(1), {0, 1, 2});
    const CertifiedFact second = certified(people, fact_of(2), {0, 1, 2});
    const CertifiedFact other_signers = certified(people, fact_of(1), {1, 2, 3});
    EXPECT_TRUE(facts_root({}).is_zero());
    const std::set<Hash> roots{
        facts_root(std::vector{first}),
        facts_root(std::vector{other_signers}),
        facts_root(std::vector{first, second}),
        facts_root(std::vector{second, first})};
    EXPECT_EQ(roots.size(), 4U);
    EXPECT_EQ(
        facts_root(std::vector{first}),
        merkle::root(std::vector{merkle::leaf_hash(fact_id(first).view())}));
}

TEST(Fact, a_result_beyond_the_limit_does_not_decode) {
    EXPECT_TRUE(codec::decode<Fact>(codec::encode(fact_of(1, Bytes(256)))).has_value());
    EXPECT_FALSE(codec::decode<Fact>(codec::encode(fact_of(1, Bytes(257)))).has_value());
}

// ---- collector ----------------------------------------------------------------------------------

TEST(FactCollector, certifies_when_a_quorum_signed_the_same_bytes) {
    PlainChecker checker;
    for (const std::size_t n : {1U, 2U, 4U, 7U, 10U}) {
        const People people = make_people(n);
        FactCollector collector = collector_of(people);
        std::vector<MemberIndex> order(n);
        for (std::size_t i = 0; i < n; ++i) {
            order[i] = static_cast<MemberIndex>(i);
        }
        Random random(n, "voters");
        random.shuffle(order);
        for (std::size_t i = 0; i < n; ++i) {
            EXPECT_EQ(all_of(collector).size(), i < people.committee.quorum() ? 0U : 1U);
            const bool settled = i >= people.committee.quorum();
            EXPECT_EQ(
                collector.add(people.fact_vote(order[i], fact_of(1))).outcome,
                settled ? Outcome::kSettled : Outcome::kCounted);
        }
        ASSERT_EQ(all_of(collector).size(), 1U);
        EXPECT_TRUE(verify_fact(all_of(collector)[0], people.committee, checker).has_value());
        EXPECT_EQ(all_of(collector)[0].fact, fact_of(1));
    }
}

TEST(FactCollector, votes_for_different_results_do_not_add_up) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    for (MemberIndex i = 0; i < 4; ++i) {
        const Fact fact = fact_of(1, {static_cast<std::uint8_t>(i / 2)});
        EXPECT_EQ(collector.add(people.fact_vote(i, fact)).outcome, Outcome::kCounted);
    }
    EXPECT_TRUE(all_of(collector).empty());
}

TEST(FactCollector, a_certificate_holds_no_vote_for_another_result) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    (void)collector.add(people.fact_vote(0, fact_of(1, {9})));
    for (MemberIndex i = 1; i < 4; ++i) {
        (void)collector.add(people.fact_vote(i, fact_of(1)));
    }
    ASSERT_EQ(all_of(collector).size(), 1U);
    EXPECT_EQ(signers_of(all_of(collector)[0].signers), (std::vector<MemberIndex>{1, 2, 3}));
    PlainChecker checker;
    EXPECT_TRUE(verify_fact(all_of(collector)[0], people.committee, checker).has_value());
}

TEST(FactCollector, a_member_has_one_vote_and_a_second_one_is_reported) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    EXPECT_EQ(collector.add(people.fact_vote(1, fact_of(1))).outcome, Outcome::kCounted);
    EXPECT_EQ(collector.add(people.fact_vote(1, fact_of(1))).outcome, Outcome::kRepeated);
    EXPECT_EQ(collector.add(people.fact_vote(1, fact_of(1, {9}))).outcome, Outcome::kConflicting);
    EXPECT_EQ(collector.add(people.fact_vote(2, fact_of(1, {9}))).outcome, Outcome::kCounted);
    EXPECT_EQ(collector.add(people.fact_vote(3, fact_of(1, {9}))).outcome, Outcome::kCounted);
    EXPECT_TRUE(all_of(collector).empty()) << "the ignored vote would have made a quorum";
}

TEST(FactCollector, hands_out_facts_in_total_order_within_count_and_bytes) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    for (const std::uint8_t subject : std::vector<std::uint8_t>{5, 1, 4}) {
        (void)certify(collector, people, fact_of(subject));
        (void)certify(collector, people, fact_of(subject, {}, FactKind::kBlobAvailable));
    }
    const std::vector<CertifiedFact> all = all_of(collector);
    ASSERT_EQ(all.size(), 6U);
    EXPECT_TRUE(std::ranges::is_sorted(
        all, {}, [](const CertifiedFact& item) { return key_of(item.fact); }));
    EXPECT_EQ(collector.choose(4, SIZE_MAX), std::vector(all.begin(), all.begin() + 4));
    const std::size_t bytes = codec::encode(all[0]).size() + codec::encode(all[1]).size();
    EXPECT_EQ(collector.choose(6, bytes).size(), 2U);
    EXPECT_EQ(collector.choose(6, bytes - 1).size(), 1U);
    EXPECT_TRUE(collector.choose(6, 0).empty());
}

TEST(FactCollector, passes_over_what_does_not_fit) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    (void)certify(collector, people, fact_of(1, Bytes(200)));
    (void)certify(collector, people, fact_of(2));
    const std::vector<CertifiedFact> all = all_of(collector);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(collector.choose(2, codec::encode(all[1]).size()), std::vector{all[1]});
}

TEST(FactCollector, forgets_what_a_block_included_and_ignores_late_votes) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    (void)certify(collector, people, fact_of(1));
    EXPECT_TRUE(collector.included(all_of(collector)).empty());
    EXPECT_TRUE(all_of(collector).empty());
    EXPECT_EQ(certify(collector, people, fact_of(1)).outcome, Outcome::kSettled);
    EXPECT_TRUE(all_of(collector).empty());
    EXPECT_FALSE(collector.found(fact_of(1)).sign);
}

TEST(FactCollector, forgets_facts_that_were_certified_elsewhere) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    ASSERT_TRUE(collector.found(fact_of(1)).sign);
    (void)collector.add(people.fact_vote(0, fact_of(1)));
    ASSERT_EQ(collector.own_votes().size(), 1U);
    EXPECT_TRUE(collector.included(std::vector{certified(people, fact_of(1), {1, 2, 3})}).empty());
    EXPECT_TRUE(collector.own_votes().empty());
    EXPECT_EQ(collector.add(people.fact_vote(2, fact_of(1))).outcome, Outcome::kSettled);
}

TEST(FactCollector, offers_its_own_votes_until_a_block_includes_the_fact) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    for (const std::uint8_t subject : std::vector<std::uint8_t>{2, 1}) {
        ASSERT_TRUE(collector.found(fact_of(subject)).sign);
        EXPECT_TRUE(collector.own_votes().size() == (subject == 2 ? 0U : 1U)) << "not signed yet";
        (void)collector.add(people.fact_vote(0, fact_of(subject)));
        EXPECT_FALSE(collector.found(fact_of(subject)).sign) << "signed already";
    }
    (void)certify(collector, people, fact_of(1));
    const std::vector<FactVote> expected{
        people.fact_vote(0, fact_of(1)), people.fact_vote(0, fact_of(2))};
    EXPECT_EQ(collector.own_votes(), expected) << "others may still lack the certified one";
    EXPECT_TRUE(collector.included(all_of(collector)).empty());
    EXPECT_EQ(collector.own_votes(), std::vector{expected[1]});
}

TEST(FactCollector, signs_one_result_only) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    EXPECT_TRUE(collector.found(fact_of(1, {1})).sign);
    EXPECT_FALSE(collector.found(fact_of(1, {2})).sign);
    EXPECT_TRUE(collector.found(fact_of(1, {1})).sign) << "not signed yet: asked again";
}

TEST(FactCollector, raises_the_alarm_when_a_quorum_signs_another_result) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    ASSERT_TRUE(collector.found(fact_of(1, {7})).sign);
    (void)collector.add(people.fact_vote(0, fact_of(1, {7})));
    for (const MemberIndex member : std::vector<MemberIndex>{1, 2}) {
        EXPECT_FALSE(collector.add(people.fact_vote(member, fact_of(1, {8}))).alarm.has_value());
    }
    const auto added = collector.add(people.fact_vote(3, fact_of(1, {8})));
    EXPECT_EQ(added.alarm, (FactAlarm{.own = fact_of(1, {7}), .theirs = {8}}));
    EXPECT_EQ(all_of(collector).size(), 1U) << "the chain goes on with what the quorum says";
    EXPECT_TRUE(collector.suspended(FactKind::kEvaluation));
    EXPECT_FALSE(collector.found(fact_of(2)).sign);
    EXPECT_TRUE(collector.found(fact_of(2, {}, FactKind::kBlobAvailable)).sign);
    EXPECT_TRUE(collector.own_votes().empty());
    collector.resume(FactKind::kEvaluation);
    EXPECT_TRUE(collector.found(fact_of(2)).sign);
}

TEST(FactCollector, raises_the_alarm_for_a_fact_in_a_block) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    ASSERT_TRUE(collector.found(fact_of(1, {7})).sign);
    const auto alarms =
        collector.included(std::vector{certified(people, fact_of(1, {8}), {1, 2, 3})});
    ASSERT_EQ(alarms.size(), 1U);
    EXPECT_EQ(alarms[0].theirs, Bytes{8});
    EXPECT_TRUE(collector.suspended(FactKind::kEvaluation));
}

TEST(FactCollector, raises_the_alarm_for_a_result_that_comes_late) {
    const People people = make_people(4);
    for (const bool in_block : {false, true}) {
        FactCollector collector = collector_of(people);
        (void)certify(collector, people, fact_of(1, {8}));
        if (in_block) {
            EXPECT_TRUE(collector.included(all_of(collector)).empty());
        }
        const auto found = collector.found(fact_of(1, {7}));
        EXPECT_FALSE(found.sign);
        ASSERT_TRUE(found.alarm.has_value());
        EXPECT_EQ(found.alarm->theirs, Bytes{8});
        EXPECT_TRUE(collector.suspended(FactKind::kEvaluation));
    }
}

TEST(FactCollector, votes_of_a_term_certify_during_the_next_one_and_no_longer) {
    const People old = make_people(4, Term{3});
    const People next = make_people(7, Term{4});
    FactCollector collector = collector_of(old);
    (void)collector.add(old.fact_vote(1, fact_of(1)));
    (void)collector.add(old.fact_vote(2, fact_of(1)));
    (void)certify(collector, old, fact_of(2));
    EXPECT_TRUE(collector.new_term(next.committee).empty());
    EXPECT_EQ(collector.add(next.fact_vote(3, fact_of(1))).outcome, Outcome::kCounted);
    EXPECT_EQ(all_of(collector).size(), 1U) << "votes of two terms do not add up";
    (void)collector.add(old.fact_vote(3, fact_of(1)));
    ASSERT_EQ(all_of(collector).size(), 2U);
    EXPECT_EQ(all_of(collector)[0].term, Term{3});
    PlainChecker checker;
    EXPECT_TRUE(verify_fact(all_of(collector)[0], old.committee, checker).has_value());

    EXPECT_TRUE(collector.new_term(make_people(4, Term{5}).committee).empty());
    EXPECT_TRUE(all_of(collector).empty()) << "certificates of term 3 end with term 4";
    EXPECT_EQ(collector.add(old.fact_vote(1, fact_of(3))).outcome, Outcome::kOtherTerm);
    EXPECT_EQ(collector.add(next.fact_vote(6, fact_of(3))).outcome, Outcome::kCounted);
    EXPECT_EQ(
        collector.add(make_people(4, Term{6}).fact_vote(1, fact_of(3))).outcome,
        Outcome::kOtherTerm);
}

TEST(FactCollector, a_jump_over_a_term_leaves_no_previous_one) {
    const People old = make_people(4, Term{3});
    FactCollector collector = collector_of(old);
    (void)certify(collector, old, fact_of(1));
    EXPECT_TRUE(collector.new_term(make_people(4, Term{5}).committee).empty());
    EXPECT_TRUE(all_of(collector).empty());
    EXPECT_EQ(collector.add(old.fact_vote(1, fact_of(2))).outcome, Outcome::kOtherTerm);
}

TEST(FactCollector, starts_with_the_term_before_only_if_it_is_the_one_before) {
    const People now = make_people(4, Term{5});
    for (const std::uint64_t term : {3U, 4U}) {
        const People before = make_people(4, Term{term});
        FactCollector collector(now.key_of(0), now.committee, before.committee, {});
        EXPECT_EQ(
            collector.add(before.fact_vote(1, fact_of(1))).outcome,
            term == 4 ? Outcome::kCounted : Outcome::kOtherTerm);
    }
}

TEST(FactCollector, a_new_term_names_the_own_results_to_sign_again) {
    const People old = make_people(4, Term{3});
    const People next = make_people(4, Term{4});
    FactCollector collector = collector_of(old);
    for (const std::uint8_t subject : std::vector<std::uint8_t>{1, 2, 3}) {
        ASSERT_TRUE(collector.found(fact_of(subject)).sign);
        (void)collector.add(old.fact_vote(0, fact_of(subject)));
    }
    (void)certify(collector, old, fact_of(2));
    EXPECT_EQ(collector.new_term(next.committee), (std::vector{fact_of(1), fact_of(3)}));
    EXPECT_EQ(collector.own_votes().size(), 3U) << "still of use for certificates of term 3";
    (void)collector.add(next.fact_vote(0, fact_of(3)));
    EXPECT_EQ(collector.own_votes().at(2), next.fact_vote(0, fact_of(3)));
    EXPECT_EQ(
        collector.new_term(make_people(4, Term{5}).committee),
        (std::vector{fact_of(1), fact_of(2), fact_of(3)}))
        << "the certificate of term 3 is of no use any more";
    EXPECT_EQ(collector.own_votes(), std::vector{next.fact_vote(0, fact_of(3))});
}

TEST(FactCollector, an_index_beyond_the_committee_is_nobody) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    FactVote vote = people.fact_vote(1, fact_of(1));
    vote.member = 4;
    EXPECT_EQ(collector.add(vote).outcome, Outcome::kOtherTerm);
}

TEST(FactCollector, drops_what_the_chain_refuses_until_members_sign_again) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people);
    ASSERT_TRUE(collector.found(fact_of(1)).sign);
    (void)certify(collector, people, fact_of(1));
    collector.drop(key_of(fact_of(1)));
    EXPECT_TRUE(all_of(collector).empty());
    EXPECT_TRUE(collector.own_votes().empty());
    EXPECT_EQ(certify(collector, people, fact_of(1)).outcome, Outcome::kCounted);
    EXPECT_EQ(all_of(collector).size(), 1U);
}

TEST(FactCollector, a_spammer_loses_its_own_oldest_votes_only) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people, {.open_max = 4});
    (void)collector.add(people.fact_vote(1, fact_of(100)));
    (void)collector.add(people.fact_vote(2, fact_of(100)));
    for (std::uint8_t subject = 0; subject < 50; ++subject) {
        (void)collector.add(people.fact_vote(2, fact_of(subject)));
    }
    EXPECT_EQ(collector.add(people.fact_vote(1, fact_of(100))).outcome, Outcome::kRepeated);
    EXPECT_EQ(collector.add(people.fact_vote(2, fact_of(46))).outcome, Outcome::kRepeated);
    (void)collector.add(people.fact_vote(0, fact_of(100)));
    EXPECT_TRUE(all_of(collector).empty()) << "the spammer's vote is gone";
    (void)collector.add(people.fact_vote(3, fact_of(100)));
    ASSERT_EQ(all_of(collector).size(), 1U);
    EXPECT_EQ(signers_of(all_of(collector)[0].signers), (std::vector<MemberIndex>{0, 1, 3}));
}

/// Signatures are not looked at here: the collector takes verified votes.
FactVote unsigned_vote(Random& random, Term term, MemberIndex member) {
    FactVote vote{.term = term, .fact = fact_of(0, Bytes(256)), .member = member, .signature = {}};
    random.fill(vote.fact.subject.data);
    random.fill(vote.fact.result);
    return vote;
}

TEST(FactCollector, memory_is_flat_however_much_all_members_spam) {
    const People people = make_people(10);
    FactCollector collector = collector_of(people);
    Random random(5, "spam");
    std::size_t full = 0;
    for (std::size_t i = 0; i < 60'000; ++i) {
        const auto member = static_cast<MemberIndex>(i % 10);
        const FactVote vote = unsigned_vote(random, people.committee.term, member);
        (void)collector.found(vote.fact);
        (void)collector.add(vote);
        if (i + 1 == 10 * 256) {
            full = collector.memory_bytes();
        }
    }
    EXPECT_EQ(collector.memory_bytes(), full);
    EXPECT_LT(full, 10 * 256 * 1'024U);
}

TEST(FactCollector, keeps_no_votes_for_what_is_certified_or_included) {
    const People old = make_people(4, Term{3});
    const People next = make_people(4, Term{4});
    for (const bool in_block : {false, true}) {
        FactCollector with_votes = collector_of(old);
        FactCollector without = collector_of(old);
        (void)with_votes.add(old.fact_vote(1, fact_of(1)));
        for (FactCollector* collector : {&with_votes, &without}) {
            EXPECT_TRUE(collector->new_term(next.committee).empty());
        }
        (void)with_votes.add(next.fact_vote(1, fact_of(1)));
        EXPECT_GT(with_votes.memory_bytes(), without.memory_bytes());
        for (FactCollector* collector : {&with_votes, &without}) {
            if (in_block) {
                (void)collector->included(std::vector{certified(old, fact_of(1), {0, 1, 2})});
            } else {
                (void)certify(*collector, next, fact_of(1));
            }
        }
        EXPECT_EQ(with_votes.memory_bytes(), without.memory_bytes());
    }
}

TEST(FactCollector, memory_is_flat_when_no_block_ever_includes_a_fact) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people, {.open_max = 8, .certified_max = 16});
    Random random(6, "stuck");
    std::size_t full = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        FactVote vote = unsigned_vote(random, people.committee.term, 0);
        for (vote.member = 0; vote.member < 3; ++vote.member) {
            (void)collector.add(vote);
        }
        full = i == 15 ? collector.memory_bytes() : full;
    }
    EXPECT_EQ(all_of(collector).size(), 16U);
    EXPECT_EQ(collector.memory_bytes(), full);
}

TEST(FactCollector, memory_is_flat_over_many_blocks_of_facts) {
    const People people = make_people(4);
    FactCollector collector = collector_of(people, {.settled_max = 32});
    Random random(7, "blocks");
    std::size_t full = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        FactVote vote = unsigned_vote(random, people.committee.term, 0);
        for (vote.member = 0; vote.member < 3; ++vote.member) {
            (void)collector.add(vote);
        }
        EXPECT_TRUE(collector.included(all_of(collector)).empty());
        full = i == 31 ? collector.memory_bytes() : full;
    }
    EXPECT_EQ(collector.memory_bytes(), full);
}

/// Against a model that keeps everything: random votes of few results, no limits reached.
TEST(FactCollector, agrees_with_counting_first_votes) {
    Random random(8, "model");
    for (int round = 0; round < 50; ++round) {
        const People people = make_people(7);
        FactCollector collector = collector_of(people);
        std::map<std::pair<std::uint8_t, MemberIndex>, std::uint8_t> first;
        std::map<std::uint8_t, std::uint8_t> expected;
        for (int i = 0; i < 80; ++i) {
            const auto subject = static_cast<std::uint8_t>(random.below(4));
            const auto result = static_cast<std::uint8_t>(random.below(2));
            const auto member = static_cast<MemberIndex>(random.below(7));
            FactVote vote{
                .term = people.committee.term,
                .fact = fact_of(subject, {result}),
                .member = member,
                .signature = {}};
            (void)collector.add(vote);
            first.try_emplace({subject, member}, result);
            const auto votes = std::ranges::count_if(first, [&](const auto& item) {
                return item.first.first == subject && item.second == result;
            });
            if (votes >= 5) {
                expected.try_emplace(subject, result);
            }
        }
        std::map<std::uint8_t, std::uint8_t> actual;
        for (const CertifiedFact& item : all_of(collector)) {
            actual[item.fact.subject.data[0]] = item.fact.result.at(0);
        }
        EXPECT_EQ(actual, expected);
    }
}

}  // namespace
}  // namespace polis::consensus
