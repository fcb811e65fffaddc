// Evidence on chain: who is slashed for what, until when, and once only.
// Method: the module over a journal, with real signatures of real keys.
#include <ledger/modules/evidence.hpp>

#include <cstdint>
#include <optional>
#include <variant>

#include <gtest/gtest.h>

#include <ledger/modules/staking.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

class Evidence : public ::testing::Test {
  protected:
    Evidence() : offender(world.add_validator(0, 10'000)) { world.height = Height{30}; }

    void TearDown() override { world.check(); }

    TxnStatus report(const pbft::Evidence& evidence) {
        return world.apply(nobody(1), ReportEvidence{evidence});
    }

    [[nodiscard]] static pbft::Evidence at(std::uint64_t height) {
        return double_prepare(actor(0).consensus_key, Height{height});
    }

    std::uint64_t stake() { return world.validator(offender).pool.tokens.value; }

    ModuleWorld world;
    const Address offender;
};

TEST_F(Evidence, slashes_and_jails_the_holder_of_the_key) {
    const std::uint64_t supply = world.supply();
    EXPECT_EQ(report(at(29)), TxnStatus::kSuccess);
    EXPECT_EQ(stake(), 9'500U);
    EXPECT_EQ(world.supply(), supply - 500);
    EXPECT_TRUE(world.validator(offender).jailed);
    EXPECT_EQ(world.validator(offender).jailed_until, Height{36});
    const auto record = must(evidence::offence(world.state, offender, Height{29}));
    EXPECT_EQ(record, (evidence::Offence{.reported = Height{30}, .burned = Amount{500}}));
    EXPECT_EQ(world.events.back().name, "evidence.punished");
    const evidence::Punished expected{Height{29}, offender, Amount{500}};
    EXPECT_EQ(world.events.back().data, codec::encode(expected));
}

TEST_F(Evidence, counts_once_for_a_height_whatever_it_consists_of) {
    EXPECT_EQ(report(at(29)), TxnStatus::kSuccess);
    EXPECT_EQ(report(at(29)), TxnStatus::kAlreadyPunished);
    pbft::Evidence other = at(29);
    auto& proof = std::get<pbft::Equivocation>(other.proof);
    proof.first.view = proof.second.view = View{3};
    const crypto::SigningKey& key = actor(0).consensus_key;
    proof.first_signature = key.sign(signing_hash(proof.first).view());
    proof.second_signature = key.sign(signing_hash(proof.second).view());
    EXPECT_EQ(report(other), TxnStatus::kAlreadyPunished);
    EXPECT_EQ(stake(), 9'500U);
    EXPECT_EQ(report(at(28)), TxnStatus::kSuccess);
    EXPECT_EQ(stake(), 9'025U);
}

TEST_F(Evidence, of_amnesia_slashes_too) {
    const crypto::SigningKey& key = actor(0).consensus_key;
    pbft::Amnesia proof;
    proof.commit = {
        .chain = world.params.chain_id,
        .term = Term{5},
        .height = Height{29},
        .view = View{1},
        .phase = pbft::Phase::kCommit,
        .digest = {}};
    proof.change = proof.commit;
    proof.change.view = View{2};
    proof.change.phase = pbft::Phase::kViewChange;
    proof.change.digest = pbft::prepared_hash(std::nullopt);
    proof.commit_signature = key.sign(signing_hash(proof.commit).view());
    proof.change_signature = key.sign(signing_hash(proof.change).view());
    EXPECT_EQ(report({.offender = key.public_key(), .proof = proof}), TxnStatus::kSuccess);
    EXPECT_EQ(stake(), 9'500U);
}

TEST_F(Evidence, against_nobodys_key_is_refused) {
    EXPECT_EQ(
        report(double_prepare(actor(1).consensus_key, Height{29})), TxnStatus::kUnknownValidator);
    EXPECT_EQ(stake(), 10'000U);
}

TEST_F(Evidence, that_proves_nothing_is_refused) {
    for (const bool first : {true, false}) {
        pbft::Evidence forged = at(29);
        auto& proof = std::get<pbft::Equivocation>(forged.proof);
        (first ? proof.first_signature : proof.second_signature).data[3] ^= 1;
        EXPECT_EQ(report(forged), TxnStatus::kBadEvidence);
    }
    pbft::Evidence same = at(29);
    auto& proof = std::get<pbft::Equivocation>(same.proof);
    proof.second = proof.first;
    proof.second_signature = proof.first_signature;
    EXPECT_EQ(report(same), TxnStatus::kBadEvidence);
    pbft::Evidence stolen = at(29);
    world.add_validator(1, 5'000);
    stolen.offender = actor(1).consensus_key.public_key();
    EXPECT_EQ(report(stolen), TxnStatus::kBadEvidence);
    EXPECT_EQ(stake(), 10'000U);
}

TEST_F(Evidence, of_another_chain_is_refused) {
    world.params.chain_id = ChainId{8};
    EXPECT_EQ(report(at(29)), TxnStatus::kBadEvidence);
    world.params.chain_id = world_params().chain_id;
}

TEST_F(Evidence, of_a_height_to_come_is_refused) {
    EXPECT_EQ(report(at(31)), TxnStatus::kOffenceInFuture);
    EXPECT_EQ(report(at(UINT64_MAX)), TxnStatus::kOffenceInFuture);
    EXPECT_EQ(report(at(30)), TxnStatus::kSuccess);
}

TEST_F(Evidence, expires_when_nothing_of_the_stake_of_then_can_be_slashed) {
    // 10 heights of unbonding and an era of 4.
    EXPECT_EQ(report(at(15)), TxnStatus::kOffenceExpired);
    EXPECT_EQ(report(at(16)), TxnStatus::kSuccess);
    EXPECT_EQ(evidence::expires_after(world.params, Height{16}), Height{30});
    EXPECT_EQ(evidence::expires_after(world.params, Height{UINT64_MAX - 3}), Height{UINT64_MAX});
    // The last coins that stood behind an offence at 16 can be withdrawn at 30, not before.
    EXPECT_EQ(
        staking::matures_at(world.params, staking::era_of(world.params, Height{16})), Height{30});
}

TEST_F(Evidence, reaches_what_was_unbonded_after_the_offence) {
    world.height = Height{21};
    ASSERT_EQ(world.apply(offender, Unbond{offender, Amount{4'000}}), TxnStatus::kSuccess);
    world.height = Height{30};
    const std::uint64_t supply = world.supply();
    EXPECT_EQ(report(at(20)), TxnStatus::kSuccess);
    EXPECT_EQ(stake(), 5'700U);
    EXPECT_EQ(world.supply(), supply - 500);
}

}  // namespace
}  // namespace polis::ledger::testing
