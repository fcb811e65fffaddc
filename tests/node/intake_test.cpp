// Goal: whoever sends a transaction learns what became of it, once, and a signature that was
// verified elsewhere is not verified here. Method: one node that cannot decide, so that nothing
// leaves its mempool.

#include <memory>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <node/validator/wire.hpp>
#include <tests/node/network.hpp>
#include <tests/node/txns.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::node::testing {
namespace {

constexpr std::uint64_t kTicket = 70;

class Intake : public ::testing::Test {
  protected:
    Intake() {
        for (const PeerId other : {1U, 2U, 3U}) {
            network.stop(other);
        }
    }

    [[nodiscard]] ledger::Transaction txn(std::uint64_t nonce) const {
        return transfer_txn(network.genesis(), 0, 1, 5, nonce);
    }

    ledger::TxnPtr checked(const ledger::Transaction& txn) {
        return std::make_shared<const ledger::CheckedTxn>(
            ledger::check(txn, network.node(0).chain().rules()).value());
    }

    std::vector<TxnVerdict> take_verdicts() { return std::exchange(network.log(0).verdicts, {}); }

    Network network{4};
};

TEST_F(Intake, answers_every_submission_once) {
    const Bytes good = codec::encode(txn(0));
    ledger::Transaction unsigned_txn = txn(1);
    unsigned_txn.signature = {};
    const std::vector<Bytes> submitted{
        good, good, codec::encode(txn(40)), codec::encode(unsigned_txn), Bytes{1, 2, 3}};
    for (std::size_t i = 0; i < submitted.size(); ++i) {
        network.input(0, SubmitTxn{submitted[i], kTicket + i});
    }
    const auto verdicts = take_verdicts();
    ASSERT_EQ(verdicts.size(), submitted.size());
    for (std::size_t i = 0; i < submitted.size(); ++i) {
        EXPECT_EQ(verdicts[i].ticket, kTicket + i);
        EXPECT_EQ(verdicts[i].id, ledger::txn_id(submitted[i]));
    }
    ledger::Admission pending;
    pending.standing = ledger::Standing::kPending;
    EXPECT_EQ(verdicts[0].outcome, TxnOutcome{pending});
    EXPECT_EQ(verdicts[1].outcome, TxnOutcome{ledger::MempoolError::kAlreadyKnown});
    EXPECT_EQ(verdicts[2].outcome, TxnOutcome{ledger::MempoolError::kNonceTooFar});
    EXPECT_EQ(verdicts[3].outcome, TxnOutcome{ledger::TxnError::kBadSignature});
    EXPECT_EQ(verdicts[4].outcome, TxnOutcome{ledger::TxnError::kMalformed});
    EXPECT_EQ(network.node(0).mempool().count(), 1U);
}

TEST_F(Intake, verifies_no_signature_twice) {
    ledger::Transaction forged = txn(0);
    forged.signature = {};  // whoever says it was verified is believed
    network.input(0, TxnsVerified{std::nullopt, {checked(forged)}, {kTicket}});
    const auto verdicts = take_verdicts();
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<ledger::Admission>(verdicts[0].outcome));
    EXPECT_TRUE(network.node(0).mempool().contains(verdicts[0].id));
}

TEST_F(Intake, checks_verified_transactions_against_the_state) {
    network.input(
        0,
        TxnsVerified{
            std::nullopt,
            {checked(txn(0)), checked(txn(0)), checked(txn(40))},
            {kTicket, kTicket + 1, kTicket + 2}});
    const auto verdicts = take_verdicts();
    ASSERT_EQ(verdicts.size(), 3U);
    EXPECT_TRUE(std::holds_alternative<ledger::Admission>(verdicts[0].outcome));
    EXPECT_EQ(verdicts[1].outcome, TxnOutcome{ledger::MempoolError::kAlreadyKnown});
    EXPECT_EQ(verdicts[2].outcome, TxnOutcome{ledger::MempoolError::kNonceTooFar});
    EXPECT_EQ(verdicts[2].ticket, kTicket + 2);
}

TEST_F(Intake, answers_no_peer) {
    const PeerId stranger = network.add_stranger();
    network.input(0, TxnsVerified{stranger, {checked(txn(0))}, {}});
    network.input(0, PeerBytes{stranger, encode_wire(TxnBatch{{codec::encode(txn(1))}})});
    EXPECT_TRUE(take_verdicts().empty());
    EXPECT_EQ(network.node(0).mempool_size(), 2U);
}

}  // namespace
}  // namespace polis::node::testing
