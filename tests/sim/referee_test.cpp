// The judge of final blocks, tried with chains that it must accept and with each kind of lie.
#include <tools/sim/referee.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/memo_checker.hpp>
#include <ledger/store/memory_store.hpp>
#include <tools/sim/forgery.hpp>
#include <tools/sim/population.hpp>
#include <tools/sim/scenario.hpp>

namespace polis::sim {
namespace {

Scenario four_validators() {
    Scenario scenario;
    scenario.validators = 4;
    scenario.seats = 4;
    scenario.term_blocks = 3;
    return scenario;
}

class RefereeTest : public ::testing::Test {
  protected:
    RefereeTest() {
        std::set<Address> correct;
        for (std::size_t i = 0; i < 4; ++i) {
            correct.insert(identity_of(i).address);
        }
        referee_.emplace(Referee::Setup{genesis_, checker_, workers_, std::move(correct)});
    }

    std::unique_ptr<ledger::Chain> new_chain() {
        auto chain =
            ledger::Chain::create(std::make_unique<ledger::MemoryStore>(), genesis_.state, {});
        EXPECT_TRUE(chain);
        return *std::move(chain);
    }

    pbft::Certificate certify(const Hash& block, Height height, std::size_t signers) {
        const pbft::Statement statement{
            genesis_.state.params.chain_id,
            consensus::term_of(height, 3),
            height,
            View{0},
            pbft::Phase::kCommit,
            block};
        std::vector<pbft::Vote> votes;
        for (pbft::MemberIndex seat = 0; seat < signers; ++seat) {
            const Address& address = genesis_.committee[seat].validator;
            for (std::size_t i = 0; i < 4; ++i) {
                const node::Identity identity = identity_of(i);
                if (identity.address == address) {
                    votes.push_back(signed_vote(identity.consensus_key, statement, seat));
                }
            }
        }
        return pbft::make_certificate(votes, 4);
    }

    /// One more block on the chain, with a certificate of that many members.
    node::Finalized extend(ledger::Chain& chain, std::uint64_t ms, std::size_t signers = 3) {
        ledger::BlockPlan plan{
            .chain_id = chain.params().chain_id,
            .time = TimeMs{chain.head().time.value + ms},
            .proposer = identity_of(0).address};
        plan.seat.committee = consensus::committee_hash(genesis_.committee);
        const ledger::CheckedBlock block = ledger::make_block(chain.head(), plan, {});
        const auto certificate = certify(block.hash, block.header.height, signers);
        EXPECT_TRUE(chain.apply(block, {.certificate = certificate}));
        return {chain.head(), certificate, Address{}, {}, {}};
    }

    std::optional<Broken> judge(const node::Finalized& output, const ledger::Chain& chain) {
        const auto violation = referee_->finalized(output.head, output.certificate, chain);
        return violation ? std::optional{violation->broken} : std::nullopt;
    }

    genesis::Genesis genesis_ = make_genesis(four_validators());
    consensus::MemoChecker checker_;
    WorkerPool workers_{0};
    std::optional<Referee> referee_;
};

TEST_F(RefereeTest, accepts_one_chain_from_several_nodes) {
    const auto chain = new_chain();
    for (std::uint64_t height = 1; height <= 8; ++height) {
        const node::Finalized output = extend(*chain, 10);
        EXPECT_EQ(judge(output, *chain), std::nullopt);
        EXPECT_EQ(judge(output, *chain), std::nullopt);
    }
    EXPECT_EQ(referee_->height(), Height{8});
    EXPECT_EQ(referee_->opened(*chain), std::nullopt);
}

TEST_F(RefereeTest, catches_up_with_blocks_that_were_never_announced) {
    const auto chain = new_chain();
    (void)extend(*chain, 10);
    (void)extend(*chain, 10);
    EXPECT_EQ(referee_->opened(*chain), std::nullopt);
    EXPECT_EQ(judge(extend(*chain, 10), *chain), std::nullopt);
    EXPECT_EQ(referee_->height(), Height{3});
}

TEST_F(RefereeTest, finds_two_blocks_at_one_height) {
    const auto chain = new_chain();
    const auto other = new_chain();
    EXPECT_EQ(judge(extend(*chain, 10), *chain), std::nullopt);
    EXPECT_EQ(judge(extend(*other, 11), *other), Broken::kAgreement);
    EXPECT_EQ(referee_->forked_at(), Height{1});
}

TEST_F(RefereeTest, finds_a_longer_branch) {
    const auto chain = new_chain();
    const auto other = new_chain();
    EXPECT_EQ(judge(extend(*chain, 10), *chain), std::nullopt);
    (void)extend(*other, 11);
    EXPECT_EQ(judge(extend(*other, 10), *other), Broken::kAgreement);
}

TEST_F(RefereeTest, finds_another_state_after_one_block) {
    const auto chain = new_chain();
    node::Finalized output = extend(*chain, 10);
    output.head.state_root.data[0] ^= 1;
    EXPECT_EQ(judge(output, *chain), Broken::kState);
}

TEST_F(RefereeTest, counts_the_signers_of_a_certificate) {
    const auto chain = new_chain();
    EXPECT_EQ(judge(extend(*chain, 10, 2), *chain), Broken::kCertificate);
}

TEST_F(RefereeTest, looks_at_each_signature_of_a_certificate) {
    const auto chain = new_chain();
    node::Finalized output = extend(*chain, 10);
    output.certificate.signatures[1].data[5] ^= 1;
    EXPECT_EQ(judge(output, *chain), Broken::kCertificate);
}

TEST_F(RefereeTest, wants_the_certificate_of_this_block) {
    const auto chain = new_chain();
    const node::Finalized first = extend(*chain, 10);
    EXPECT_EQ(judge(first, *chain), std::nullopt);
    node::Finalized second = extend(*chain, 10);
    second.certificate = first.certificate;
    EXPECT_EQ(judge(second, *chain), Broken::kCertificate);
}

}  // namespace
}  // namespace polis::sim
