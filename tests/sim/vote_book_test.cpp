// The checker of signatures against histories that are fine and histories that are not.
#include <tools/sim/vote_book.hpp>

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <tools/sim/accountant.hpp>
#include <tools/sim/forgery.hpp>
#include <tools/sim/population.hpp>

namespace polis::sim {
namespace {

constexpr ChainId kChain{101};
const Hash kOne{{1}};
const Hash kTwo{{2}};

class Signer {
  public:
    explicit Signer(pbft::MemberIndex member)
        : member_(member), key_(identity_of(member).consensus_key) {}

    [[nodiscard]] pbft::Message vote(
        pbft::Phase phase, std::uint64_t view, const Hash& digest) const {
        const pbft::Statement statement{kChain, Term{0}, Height{5}, View{view}, phase, digest};
        return pbft::Ballot{signed_vote(key_, statement, member_)};
    }

    [[nodiscard]] pbft::Message change(
        std::uint64_t view, std::optional<pbft::Prepared> prepared = std::nullopt) const {
        const pbft::Statement statement{
            kChain,
            Term{0},
            Height{5},
            View{view},
            pbft::Phase::kViewChange,
            pbft::prepared_hash(prepared)};
        const pbft::Vote vote = signed_vote(key_, statement, member_);
        return pbft::ViewChangeMessage{{vote, prepared}, std::nullopt};
    }

    [[nodiscard]] const PublicKey& key() const { return key_.public_key(); }

  private:
    pbft::MemberIndex member_;
    crypto::SigningKey key_;
};

TEST(VoteBook, accepts_an_honest_history_and_repetitions) {
    VoteBook book;
    const Signer signer(0);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(book.record(signer.key(), signer.vote(pbft::Phase::kPrepare, 0, kOne)), "");
        EXPECT_EQ(book.record(signer.key(), signer.vote(pbft::Phase::kCommit, 0, kOne)), "");
        EXPECT_EQ(book.record(signer.key(), signer.change(1, pbft::Prepared{View{0}, kOne})), "");
        EXPECT_EQ(book.record(signer.key(), signer.vote(pbft::Phase::kPrepare, 1, kOne)), "");
    }
    EXPECT_EQ(book.votes(), 4U);
}

TEST(VoteBook, finds_two_statements_of_one_kind) {
    for (const pbft::Phase phase : {pbft::Phase::kPrepare, pbft::Phase::kCommit}) {
        VoteBook book;
        const Signer signer(0);
        EXPECT_EQ(book.record(signer.key(), signer.vote(phase, 3, kOne)), "");
        EXPECT_NE(book.record(signer.key(), signer.vote(phase, 3, kTwo)), "");
    }
    VoteBook book;
    const Signer signer(0);
    EXPECT_EQ(book.record(signer.key(), signer.change(2)), "");
    EXPECT_NE(book.record(signer.key(), signer.change(2, pbft::Prepared{View{1}, kOne})), "");
}

TEST(VoteBook, finds_a_view_change_that_forgets_a_commit) {
    VoteBook book;
    const Signer signer(0);
    EXPECT_EQ(book.record(signer.key(), signer.vote(pbft::Phase::kCommit, 0, kOne)), "");
    EXPECT_NE(book.record(signer.key(), signer.change(1)), "");
}

TEST(VoteBook, finds_a_commit_in_a_view_that_was_left) {
    VoteBook book;
    const Signer signer(0);
    EXPECT_EQ(book.record(signer.key(), signer.change(2)), "");
    EXPECT_NE(book.record(signer.key(), signer.vote(pbft::Phase::kCommit, 1, kOne)), "");
}

TEST(VoteBook, keeps_members_apart) {
    VoteBook book;
    const Signer one(0);
    const Signer two(1);
    EXPECT_EQ(book.record(one.key(), one.vote(pbft::Phase::kPrepare, 0, kOne)), "");
    EXPECT_EQ(book.record(two.key(), two.vote(pbft::Phase::kPrepare, 0, kTwo)), "");
}

TEST(Accountant, convicts_who_contradicts_itself_and_nobody_else) {
    consensus::Committee committee{.chain = kChain, .term = Term{0}, .members = {}, .ranking = {}};
    for (std::size_t i = 0; i < 4; ++i) {
        const node::Identity identity = identity_of(i);
        committee.members.push_back(
            {identity.address,
             identity.consensus_key.public_key(),
             identity.vrf_key.public_key(),
             Amount{1}});
    }
    const Signer honest(0);
    const Signer doubles(1);
    const Signer forgets(2);
    Accountant accountant;
    accountant.collect(honest.vote(pbft::Phase::kCommit, 0, kOne));
    accountant.collect(honest.change(1, pbft::Prepared{View{0}, kOne}));
    accountant.collect(doubles.vote(pbft::Phase::kPrepare, 0, kOne));
    accountant.collect(doubles.vote(pbft::Phase::kPrepare, 0, kTwo));
    accountant.collect(forgets.vote(pbft::Phase::kCommit, 0, kOne));
    accountant.collect(forgets.change(1));
    // A forged signature in another's name convicts nobody.
    const pbft::Statement framed{kChain, Term{0}, Height{5}, View{0}, pbft::Phase::kCommit, kTwo};
    accountant.collect(pbft::Ballot{signed_vote(identity_of(1).consensus_key, framed, 0)});
    consensus::PlainChecker checker;
    EXPECT_EQ(
        accountant.convicted(Height{5}, committee, checker),
        (std::set<PublicKey>{doubles.key(), forgets.key()}));
    EXPECT_TRUE(accountant.convicted(Height{4}, committee, checker).empty());
}

}  // namespace
}  // namespace polis::sim
