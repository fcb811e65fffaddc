// Execution of blocks: every outcome exactly, fees to the last coin, and no trace of what failed.
// Method: a state set up with the modules themselves, then one block on it over a std::map.
#include <ledger/execution.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/account.hpp>
#include <ledger/gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/terms.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

constexpr std::uint64_t kCoins = 1'000'000;
const Address kProposer = nobody(0xee);

class Execution : public ::testing::Test {
  protected:
    Execution() {
        for (std::size_t i = 1; i <= 4; ++i) {
            world.mint(actor(i).address, kCoins);
        }
    }

    /// Executes a block at world.height on what the modules have made so far, and keeps it.
    BlockOutcome run(std::vector<CheckedTxn> txns, const Address& proposer = kProposer) {
        MapView before;
        before.apply(world.state.changes());
        const Head head{
            .height = Height{world.height.value - 1},
            .block = {},
            .time = {},
            .state_root = {},
            .receipts_root = {},
            .gas_used = {},
            .records = 0,
            .beacon = {}};
        const CheckedBlock block = block_on(head, std::move(txns), proposer);
        BlockOutcome outcome = must(execute_block(before, world.params, block));
        for (const StateChange& change : outcome.changes) {
            must(
                change.value ? world.state.put(change.key, *change.value)
                             : world.state.remove(change.key));
        }
        world.check();
        return outcome;
    }

    Receipt run_one(const CheckedTxn& txn) { return run({txn}).receipts.at(0); }

    std::uint64_t balance(std::size_t index) { return world.balance(actor(index).address); }

    std::uint64_t nonce(std::size_t index) {
        return must(load_account(world.state, actor(index).address)).nonce.value;
    }

    ModuleWorld world = [] {
        ModuleWorld out;
        out.height = Height{1};
        return out;
    }();
};

CheckedTxn transfer(
    std::size_t from, std::size_t to, std::uint64_t amount, TxnOptions options = {}) {
    return checked_txn(actor(from), Transfer{actor(to).address, Amount{amount}}, options);
}

TEST_F(Execution, a_block_without_transactions_changes_nothing) {
    const BlockOutcome outcome = run({});
    EXPECT_TRUE(outcome.changes.empty());
    EXPECT_TRUE(outcome.receipts.empty());
    EXPECT_EQ(outcome.receipts_root, receipts_root({}));
    EXPECT_EQ(outcome.gas_used, Gas{});
}

TEST_F(Execution, a_transfer_pays_the_used_gas_to_the_proposer_and_returns_the_rest) {
    const std::uint64_t gas = transfer(1, 2, 5).intrinsic_gas.value;
    const BlockOutcome outcome = run({transfer(1, 2, 5, {.gas_limit = gas * 4, .gas_price = 3})});
    EXPECT_EQ(
        outcome.receipts.at(0),
        (Receipt{
            .status = TxnStatus::kSuccess,
            .gas_used = Gas{gas},
            .fee = Amount{3 * gas},
            .events = {},
            .output = {}}));
    EXPECT_EQ(outcome.gas_used, Gas{gas});
    EXPECT_EQ(outcome.receipts_root, receipts_root(outcome.receipts));
    EXPECT_EQ(balance(1), kCoins - 5 - 3 * gas);
    EXPECT_EQ(balance(2), kCoins + 5);
    EXPECT_EQ(world.balance(kProposer), 3 * gas);
    EXPECT_EQ(nonce(1), 1U);
    EXPECT_EQ(nonce(2), 0U);
}

TEST_F(Execution, the_whole_gas_limit_must_be_affordable) {
    const std::uint64_t gas = transfer(1, 2, 5).intrinsic_gas.value;
    EXPECT_EQ(
        run_one(transfer(1, 2, 5, {.gas_limit = kCoins + 1})).status, TxnStatus::kCannotPayFee);
    EXPECT_EQ(
        run_one(transfer(1, 2, 5, {.gas_limit = kCoins})).status, TxnStatus::kInsufficientBalance);
    EXPECT_EQ(balance(1), kCoins - gas);
    EXPECT_EQ(
        run_one(transfer(1, 2, 5, {.nonce = 1, .gas_limit = kCoins - gas - 5})).status,
        TxnStatus::kSuccess);
    EXPECT_EQ(balance(1), kCoins - 2 * gas - 5);
}

TEST_F(Execution, a_transfer_may_leave_exactly_nothing) {
    const std::uint64_t gas = transfer(1, 2, 5).intrinsic_gas.value;
    EXPECT_EQ(run_one(transfer(1, 2, kCoins - gas + 1)).status, TxnStatus::kInsufficientBalance);
    EXPECT_EQ(run_one(transfer(1, 2, kCoins - 2 * gas, {.nonce = 1})).status, TxnStatus::kSuccess);
    EXPECT_EQ(balance(1), 0U);
    EXPECT_EQ(nonce(1), 2U);
}

TEST_F(Execution, skipped_transactions_leave_no_trace) {
    const BlockOutcome outcome = run(
        {transfer(1, 2, 5, {.nonce = 1}),
         transfer(1, 2, 5, {.nonce = UINT64_MAX}),
         transfer(2, 1, 5, {.gas_limit = kCoins + 1}),
         transfer(9, 1, 5)});
    EXPECT_TRUE(outcome.changes.empty());
    EXPECT_EQ(outcome.gas_used, Gas{});
    const std::vector<TxnStatus> expected = {
        TxnStatus::kBadNonce,
        TxnStatus::kBadNonce,
        TxnStatus::kCannotPayFee,
        TxnStatus::kCannotPayFee};
    ASSERT_EQ(outcome.receipts.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_TRUE(is_skipped(expected[i]));
        EXPECT_EQ(
            outcome.receipts[i],
            (Receipt{
                .status = expected[i], .gas_used = {}, .fee = {}, .events = {}, .output = {}}));
    }
}

TEST_F(Execution, nonces_of_one_block_count_up) {
    const BlockOutcome outcome = run(
        {transfer(1, 2, 1, {.nonce = 0}),
         transfer(1, 2, 2, {.nonce = 1}),
         transfer(1, 2, 4, {.nonce = 1}),  // used
         transfer(1, 2, 8, {.nonce = 3}),  // too early
         transfer(1, 2, 16, {.nonce = 2}),
         transfer(1, 2, 32, {.nonce = 3})});
    const std::vector<TxnStatus> expected = {
        TxnStatus::kSuccess,
        TxnStatus::kSuccess,
        TxnStatus::kBadNonce,
        TxnStatus::kBadNonce,
        TxnStatus::kSuccess,
        TxnStatus::kSuccess};
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(outcome.receipts[i].status, expected[i]) << i;
    }
    EXPECT_EQ(nonce(1), 4U);
    EXPECT_EQ(balance(2), kCoins + 1 + 2 + 16 + 32);
}

TEST_F(Execution, a_transaction_that_ran_is_skipped_when_it_comes_again) {
    const CheckedTxn txn = transfer(1, 2, 5);
    EXPECT_EQ(run_one(txn).status, TxnStatus::kSuccess);
    const BlockOutcome again = run({txn});
    EXPECT_EQ(again.receipts.at(0).status, TxnStatus::kBadNonce);
    EXPECT_TRUE(again.changes.empty());
}

TEST_F(Execution, the_last_nonce_is_never_used) {
    const Account spent{.balance = Amount{kCoins}, .nonce = Nonce{UINT64_MAX}};
    must(save_account(world.state, actor(1).address, spent));
    EXPECT_EQ(run_one(transfer(1, 2, 5, {.nonce = UINT64_MAX})).status, TxnStatus::kCannotPayFee);
    EXPECT_EQ(balance(1), kCoins);
}

TEST_F(Execution, coins_of_earlier_transactions_can_be_spent_by_later_ones) {
    const std::uint64_t gas = transfer(5, 6, 1).intrinsic_gas.value;
    const BlockOutcome outcome = run({transfer(1, 5, 3 * gas), transfer(5, 6, gas)});
    EXPECT_EQ(outcome.receipts[1].status, TxnStatus::kSuccess);
    EXPECT_EQ(balance(5), gas);
    EXPECT_EQ(balance(6), gas);
}

/// The proposer's fees arrive after the last transaction: nobody spends them in the same block.
TEST_F(Execution, fees_cannot_be_spent_in_the_block_that_pays_them) {
    const std::uint64_t gas = transfer(1, 2, 1).intrinsic_gas.value;
    const BlockOutcome outcome =
        run({transfer(1, 2, 1, {.gas_price = 100}), transfer(7, 2, 1)}, actor(7).address);
    EXPECT_EQ(outcome.receipts[1].status, TxnStatus::kCannotPayFee);
    EXPECT_EQ(balance(7), 100 * gas);
}

/// Sender, recipient and proposer in every combination against plain sums.
TEST_F(Execution, one_person_in_several_roles_keeps_exact_accounts) {
    std::map<std::size_t, std::uint64_t> expected{{1, kCoins}, {2, kCoins}, {3, kCoins}};
    for (std::size_t sender = 1; sender <= 3; ++sender) {
        for (std::size_t recipient = 1; recipient <= 3; ++recipient) {
            for (std::size_t proposer = 1; proposer <= 3; ++proposer) {
                const TxnOptions options{
                    .nonce = nonce(sender), .gas_limit = 50'000, .gas_price = 2};
                const CheckedTxn txn = transfer(sender, recipient, 1'000, options);
                const std::uint64_t fee = 2 * txn.intrinsic_gas.value;
                const BlockOutcome outcome = run({txn}, actor(proposer).address);
                ASSERT_EQ(outcome.receipts.at(0).status, TxnStatus::kSuccess);
                expected[sender] -= 1'000 + fee;
                expected[recipient] += 1'000;
                expected[proposer] += fee;
                for (const auto& [index, coins] : expected) {
                    ASSERT_EQ(balance(index), coins) << sender << recipient << proposer;
                }
            }
        }
    }
}

TEST_F(Execution, a_validators_fees_go_to_its_commission_and_its_pool) {
    const Address validator = world.add_validator(0, 10'000, 2'500);
    const BlockOutcome outcome = run({transfer(1, 2, 5), transfer(2, 1, 5)}, validator);
    const std::uint64_t fees = outcome.gas_used.value;
    EXPECT_EQ(world.balance(validator), fees / 4);
    EXPECT_EQ(world.validator(validator).pool.tokens.value, 10'000 + fees - fees / 4);
}

TEST_F(Execution, a_delegation_spends_what_the_fee_leaves) {
    const Address validator = world.add_validator(0, 10'000);
    const CheckedTxn probe = checked_txn(actor(1), Delegate{validator, Amount{10}});
    const std::uint64_t rest = kCoins - probe.intrinsic_gas.value;
    EXPECT_EQ(
        run_one(checked_txn(actor(1), Delegate{validator, Amount{rest}})).status,
        TxnStatus::kSuccess);
    EXPECT_EQ(balance(1), 0U);
    EXPECT_EQ(world.delegated(validator, actor(1).address), rest);
}

TEST_F(Execution, events_name_what_happened) {
    const Address validator = world.add_validator(0, 10'000);
    const Receipt receipt = run_one(checked_txn(actor(1), Delegate{validator, Amount{77}}));
    ASSERT_EQ(receipt.events.size(), 1U);
    EXPECT_EQ(receipt.events[0].name, "staking.delegated");
    const auto event = codec::decode<staking::Delegated>(receipt.events[0].data);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->validator, validator);
    EXPECT_EQ(event->amount, Amount{77});
}

/// One way for a transaction of actor(1) to fail. Actor 0 is a validator with a pool of 10,000.
struct Failure {
    TxnStatus status;
    std::string name;
    std::function<Payload(ModuleWorld&)> arrange;
};

void slash_all(ModuleWorld& world, std::size_t index) {
    const Address& address = actor(index).address;
    must(staking::slash(world.state, world.params, address, {}, {}, kBasisPoints));
}

std::vector<Failure> ways_to_fail_in_registration() {
    return {
        {TxnStatus::kAlreadyValidator,
         "already_validator",
         [](ModuleWorld& world) {
             world.add_validator(1, 0);
             return registration(actor(2), world.params);
         }},
        {TxnStatus::kKeyInUse,
         "key_in_use",
         [](ModuleWorld& world) { return registration(actor(0), world.params); }},
        {TxnStatus::kBadPossession,
         "bad_possession",
         [](ModuleWorld& world) { return registration(actor(2), world.params); }},
        {TxnStatus::kBadVrfKey,
         "bad_vrf_key",
         [](ModuleWorld& world) {
             RegisterValidator request = registration(actor(1), world.params);
             request.vrf_key = {};
             return request;
         }},
        {TxnStatus::kUnknownValidator,
         "unjail_of_a_stranger",
         [](ModuleWorld&) { return Unjail{}; }},
        {TxnStatus::kNotJailed,
         "not_jailed",
         [](ModuleWorld& world) {
             world.add_validator(1, 0);
             return Unjail{};
         }},
        {TxnStatus::kStillJailed, "still_jailed", [](ModuleWorld& world) {
             world.add_validator(1, 0);
             slash_all(world, 1);
             return Unjail{};
         }}};
}

std::vector<Failure> ways_to_fail_with_coins() {
    return {
        {TxnStatus::kInsufficientBalance,
         "transfer_of_too_much",
         [](ModuleWorld&) { return Transfer{nobody(1), Amount{kCoins}}; }},
        {TxnStatus::kInsufficientBalance,
         "delegation_of_too_much",
         [](ModuleWorld&) { return Delegate{actor(0).address, Amount{kCoins}}; }},
        {TxnStatus::kUnknownValidator,
         "delegation_to_a_stranger",
         [](ModuleWorld&) { return Delegate{nobody(1), Amount{100}}; }},
        {TxnStatus::kUnknownValidator,
         "unbonding_from_a_stranger",
         [](ModuleWorld&) { return Unbond{nobody(1), Amount{100}}; }},
        {TxnStatus::kBelowMinimum,
         "below_minimum",
         [](ModuleWorld&) { return Delegate{actor(0).address, Amount{9}}; }},
        {TxnStatus::kPoolEmpty,
         "pool_empty",
         [](ModuleWorld& world) {
             slash_all(world, 0);
             return Delegate{actor(0).address, Amount{100}};
         }},
        {TxnStatus::kOverflow,
         "shares_beyond_64_bits",
         [](ModuleWorld& world) {
             world.add_validator(5, UINT64_MAX / 2);
             for (int i = 0; i < 5; ++i) {
                 must(staking::slash(world.state, world.params, actor(5).address, {}, {}, 9'999));
             }
             return Delegate{actor(5).address, Amount{100}};
         }},
        {TxnStatus::kNotDelegated,
         "not_delegated",
         [](ModuleWorld&) { return Unbond{actor(0).address, std::nullopt}; }},
        {TxnStatus::kNothingToWithdraw,
         "nothing_to_withdraw",
         [](ModuleWorld&) { return Withdraw{actor(0).address, 0}; }},
        {TxnStatus::kNotMatured, "not_matured", [](ModuleWorld& world) {
             const Address& who = actor(1).address;
             EXPECT_EQ(
                 world.apply(who, Delegate{actor(0).address, Amount{100}}), TxnStatus::kSuccess);
             EXPECT_EQ(world.apply(who, Unbond{actor(0).address, Amount{50}}), TxnStatus::kSuccess);
             world.mint(who, 100);
             return Withdraw{actor(0).address, 0};
         }}};
}

class Failures : public Execution, public ::testing::WithParamInterface<Failure> {};

/// Reliability, incident 10: every way to fail uses fee and nonce alike, and leaves nothing else.
TEST_P(Failures, pay_the_fee_and_use_the_nonce_and_undo_everything_else) {
    world.add_validator(0, 10'000);
    const Payload payload = GetParam().arrange(world);
    world.check();
    const std::uint64_t before = balance(1);
    const CheckedTxn txn = checked_txn(actor(1), payload, {.gas_limit = 50'000, .gas_price = 2});
    const BlockOutcome outcome = run({txn});
    const std::uint64_t fee = 2 * txn.intrinsic_gas.value;
    EXPECT_EQ(
        outcome.receipts.at(0),
        (Receipt{
            .status = GetParam().status,
            .gas_used = txn.intrinsic_gas,
            .fee = Amount{fee},
            .events = {},
            .output = {}}));
    EXPECT_FALSE(is_skipped(GetParam().status));
    EXPECT_EQ(outcome.changes.size(), 2U);  // the accounts of sender and proposer
    EXPECT_EQ(balance(1), before - fee);
    EXPECT_EQ(nonce(1), 1U);
    EXPECT_EQ(world.balance(kProposer), fee);
}

/// What failed does not disturb what comes after it in the block.
TEST_P(Failures, leave_later_transactions_alone) {
    world.add_validator(0, 10'000);
    const Payload payload = GetParam().arrange(world);
    const BlockOutcome outcome =
        run({checked_txn(actor(1), payload), transfer(1, 2, 7, {.nonce = 1}), transfer(2, 3, 9)});
    EXPECT_EQ(outcome.receipts[0].status, GetParam().status);
    EXPECT_EQ(outcome.receipts[1].status, TxnStatus::kSuccess);
    EXPECT_EQ(outcome.receipts[2].status, TxnStatus::kSuccess);
}

const auto kFailureName = [](const auto& tested) { return tested.param.name; };
INSTANTIATE_TEST_SUITE_P(
    Registration, Failures, ::testing::ValuesIn(ways_to_fail_in_registration()), kFailureName);
INSTANTIATE_TEST_SUITE_P(
    Coins, Failures, ::testing::ValuesIn(ways_to_fail_with_coins()), kFailureName);

/// A view that fails at its k-th read.
class BrittleView final : public StateView {
  public:
    BrittleView(StateView& base, std::size_t reads) : base_(base), reads_left_(reads) {}

    StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override {
        if (reads_left_ == 0) {
            return std::unexpected(StoreError{StoreErrc::kIo, "injected"});
        }
        --reads_left_;
        return base_.get(key);
    }

    [[nodiscard]] std::size_t reads_left() const { return reads_left_; }

  private:
    StateView& base_;
    std::size_t reads_left_;
};

TEST_F(Execution, evidence_in_a_block_slashes_and_pays_for_two_signatures) {
    world.add_validator(0, 10'000);
    world.height = Height{3};
    const ReportEvidence report{double_prepare(actor(0).consensus_key, Height{2})};
    const CheckedTxn txn = checked_txn(actor(1), report);
    const Receipt receipt = run_one(txn);
    EXPECT_EQ(receipt.status, TxnStatus::kSuccess);
    EXPECT_EQ(
        receipt.gas_used.value,
        kGasTxnBase.value + kGasTxnByte.value * txn.encoded_bytes + 4 * kGasStateWrite.value +
            2 * kGasSignature.value);
    EXPECT_EQ(world.validator(actor(0).address).pool.tokens, Amount{9'500});
    world.height = Height{4};
    const Receipt again = run_one(checked_txn(actor(2), report));
    EXPECT_EQ(again.status, TxnStatus::kAlreadyPunished);
    EXPECT_EQ(world.validator(actor(0).address).pool.tokens, Amount{9'500});
}

TEST_F(Execution, facts_become_records_of_the_block_that_brings_them) {
    const consensus::Fact fact{
        .kind = consensus::FactKind::kEvaluation, .subject = {}, .result = {4, 2}};
    CheckedBlock block = block_on(Head{}, {});
    block.facts = {{.term = {}, .fact = fact, .signers = {}, .signatures = {}}};
    MapView view;
    view.apply(must(execute_block(view, world.params, block)).changes);
    const auto known = must(facts::load_fact(view, fact.kind, fact.subject));
    EXPECT_EQ(known, (facts::FactRecord{.result = {4, 2}, .height = Height{1}}));
    block.header.height = Height{2};
    block.facts[0].fact.result = {9};
    EXPECT_TRUE(must(execute_block(view, world.params, block)).changes.empty());
}

TEST_F(Execution, the_last_block_of_a_term_begins_the_next_with_the_stake_it_leaves) {
    world.add_validator(0, 10'000);
    const auto members = must(staking::top_by_stake(world.state, world.params, 4));
    must(terms::save_first_term(world.state, members));
    for (std::uint64_t height = 1; height <= 10; ++height) {
        world.height = Height{height};
        std::vector<CheckedTxn> txns;
        if (height == 5) {
            txns = {checked_txn(actor(1), Delegate{actor(0).address, Amount{300}})};
        }
        run(std::move(txns));
        const auto record = must(terms::load_terms(world.state));
        EXPECT_EQ(record.term, Term{height / 5});
        EXPECT_EQ(record.members[0].stake, Amount{height < 10 ? 10'000U : 10'300U});
        EXPECT_EQ(record.next[0].stake, Amount{height < 5 ? 10'000U : 10'300U});
    }
}

TEST_F(Execution, a_term_cannot_end_in_a_state_without_one) {
    MapView view;
    Head head;
    head.height = Height{4};
    const auto outcome = execute_block(view, world.params, block_on(head, {}));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, StoreErrc::kCorrupt);
}

/// Our own disk is never the sender's fault: no read error becomes a receipt.
TEST_F(Execution, every_read_error_ends_the_block_with_that_error) {
    const Address validator = world.add_validator(0, 10'000);
    MapView view;
    view.apply(world.state.changes());
    const CheckedBlock block = block_on(
        Head{},
        {transfer(1, 2, 5),
         checked_txn(actor(2), Delegate{validator, Amount{100}}),
         checked_txn(actor(2), Unbond{validator, Amount{50}}, {.nonce = 1}),
         checked_txn(actor(3), registration(actor(3), world.params))},
        validator);
    constexpr std::size_t kEnough = 1'000;
    BrittleView counting(view, kEnough);
    must(execute_block(counting, world.params, block));
    const std::size_t reads = kEnough - counting.reads_left();
    ASSERT_GT(reads, 10U);
    for (std::size_t k = 0; k < reads; ++k) {
        BrittleView brittle(view, k);
        const auto outcome = execute_block(brittle, world.params, block);
        ASSERT_FALSE(outcome.has_value());
        ASSERT_EQ(outcome.error().code, StoreErrc::kIo);
    }
}

TEST_F(Execution, a_record_that_does_not_decode_is_reported_as_corrupt) {
    must(world.state.put(account_key(actor(1).address), Bytes{1, 2, 3}));
    MapView view;
    view.apply(world.state.changes());
    const auto outcome = execute_block(view, world.params, block_on(Head{}, {transfer(1, 2, 5)}));
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().code, StoreErrc::kCorrupt);
}

}  // namespace
}  // namespace polis::ledger::testing
