// Validation of blocks: every refusal exactly, and no valid block refused.
// Method: one good block on a made-up head; each test spoils one thing. No state is involved.
#include <ledger/validation.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <core/merkle.hpp>
#include <core/worker_pool.hpp>
#include <ledger/gas.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

Hash hash_of(std::uint8_t number) {
    Hash out;
    out.data.fill(number);
    return out;
}

Head some_head() {
    return {
        .height = Height{41},
        .block = hash_of(1),
        .time = TimeMs{5'000},
        .state_root = hash_of(2),
        .receipts_root = hash_of(3),
        .gas_used = Gas{77},
        .records = 0,
        .beacon = {}};
}

Transaction some_txn(std::uint64_t nonce = 0) {
    return signed_txn(actor(1), Transfer{nobody(1), Amount{5}}, {.nonce = nonce});
}

/// A block of these transactions whose header agrees with them.
Block block_of(std::vector<Transaction> txns, const Head& head = some_head()) {
    std::vector<Hash> ids;
    for (const Transaction& txn : txns) {
        ids.push_back(txn_id(codec::encode(txn)));
    }
    Block block{.header = block_on(head, {}).header, .txns = std::move(txns), .facts = {}};
    block.header.txn_root = txn_root(ids);
    return block;
}

Block good_block() { return block_of({some_txn(0), some_txn(1), some_txn(2)}); }

/// What both forms of the check answer; they must agree.
BlockFault fault_of(const Block& block, const TxnRules& rules = world_rules()) {
    const auto decoded = check_block(block, some_head(), rules);
    const auto encoded = check_block(codec::encode(block), some_head(), rules);
    if (decoded || encoded) {
        ADD_FAILURE() << "the block passed";
        return {.code = BlockError::kMalformed, .index = 0, .txn = std::nullopt};
    }
    EXPECT_EQ(decoded.error(), encoded.error());
    return decoded.error();
}

BlockError error_of(const std::function<void(Header&)>& spoil) {
    Block block = good_block();
    spoil(block.header);
    return fault_of(block).code;
}

BlockFault txn_fault_of(Transaction bad, const TxnRules& rules = world_rules()) {
    return fault_of(block_of({some_txn(0), std::move(bad)}), rules);
}

TEST(BlockCheck, a_good_block_passes_with_all_that_later_steps_need) {
    const Block block = good_block();
    const auto checked = check_block(codec::encode(block), some_head(), world_rules());
    ASSERT_TRUE(checked.has_value()) << describe(checked.error());
    EXPECT_EQ(checked->header, block.header);
    EXPECT_EQ(checked->hash, block_hash(block.header));
    ASSERT_EQ(checked->txns.size(), 3U);
    const Bytes encoded = codec::encode(block.txns[2]);
    EXPECT_EQ(checked->txns[2].txn, block.txns[2]);
    EXPECT_EQ(checked->txns[2].id, txn_id(encoded));
    EXPECT_EQ(checked->txns[2].sender, actor(1).address);
    EXPECT_EQ(checked->txns[2].encoded_bytes, encoded.size());
    EXPECT_EQ(encode_block(*checked), codec::encode(block));
}

TEST(BlockCheck, a_block_without_transactions_passes) {
    EXPECT_TRUE(check_block(block_of({}), some_head(), world_rules()).has_value());
    EXPECT_EQ(block_of({}).header.txn_root, Hash{});
}

consensus::CertifiedFact some_fact(consensus::FactKind kind, std::uint8_t subject) {
    return {.term = Term{1}, .fact = {kind, hash_of(subject), {}}, .signers = {}, .signatures = {}};
}

/// A block of these facts whose header agrees with them.
Block block_of_facts(std::vector<consensus::CertifiedFact> facts) {
    Block block = good_block();
    block.header.facts_root = consensus::facts_root(facts);
    block.facts = std::move(facts);
    return block;
}

TEST(BlockFacts, are_made_in_order_and_pass) {
    using consensus::FactKind;
    BlockPlan plan{
        .chain_id = world_params().chain_id,
        .time = TimeMs{some_head().time.value + 1},
        .proposer = {}};
    plan.facts = {
        some_fact(FactKind::kEvaluation, 1),
        some_fact(FactKind::kBlobAvailable, 9),
        some_fact(FactKind::kBlobAvailable, 2)};
    const CheckedBlock made = make_block(some_head(), plan, {});
    const auto checked = check_block(encode_block(made), some_head(), world_rules());
    ASSERT_TRUE(checked.has_value()) << describe(checked.error());
    const std::vector<consensus::CertifiedFact> expected{
        plan.facts[2], plan.facts[1], plan.facts[0]};
    EXPECT_EQ(checked->facts, expected);
    EXPECT_EQ(checked->hash, made.hash);
    EXPECT_EQ(made.header.facts_root, consensus::facts_root(expected));
}

TEST(BlockFacts, match_the_root_of_the_header) {
    const auto fact = some_fact(consensus::FactKind::kModelScore, 1);
    Block block = block_of_facts({fact});
    block.facts[0].term = Term{2};
    EXPECT_EQ(fault_of(block).code, BlockError::kWrongFactsRoot);
    block.facts.clear();
    EXPECT_EQ(fault_of(block).code, BlockError::kWrongFactsRoot);
}

TEST(BlockFacts, ascend_and_speak_once_of_each_subject) {
    using consensus::FactKind;
    const auto low = some_fact(FactKind::kModelScore, 1);
    auto twin = low;
    twin.fact.result = {1};
    EXPECT_EQ(fault_of(block_of_facts({low, twin})).code, BlockError::kDuplicateFact);
    EXPECT_EQ(
        fault_of(block_of_facts({some_fact(FactKind::kModelScore, 2), low})).code,
        BlockError::kFactsUnordered);
    EXPECT_EQ(
        fault_of(block_of_facts({low, some_fact(FactKind::kBlobAvailable, 2)})).code,
        BlockError::kFactsUnordered);
}

TEST(BlockFacts, are_bounded) {
    std::vector<consensus::CertifiedFact> facts;
    for (std::size_t i = 0; i <= consensus::kBlockFactsMax; ++i) {
        facts.push_back(some_fact(consensus::FactKind::kEvaluation, static_cast<std::uint8_t>(i)));
    }
    const Block over = block_of_facts(facts);
    EXPECT_EQ(check_block(over, some_head(), world_rules()).error().code, BlockError::kTooLarge);
    EXPECT_EQ(
        check_block(codec::encode(over), some_head(), world_rules()).error().code,
        BlockError::kMalformed);
    facts.pop_back();
    EXPECT_TRUE(check_block(block_of_facts(facts), some_head(), world_rules()).has_value());
}

TEST(BlockCheck, a_made_block_passes) {
    const Head head = some_head();
    const CheckedBlock made =
        block_on(head, {checked_txn(actor(2), Transfer{nobody(1), Amount{5}})});
    const auto checked = check_block(encode_block(made), head, world_rules());
    ASSERT_TRUE(checked.has_value()) << describe(checked.error());
    EXPECT_EQ(checked->hash, made.hash);
}

TEST(BlockCheck, refuses_what_is_not_an_encoded_block) {
    const Bytes good = codec::encode(good_block());
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto cut = check_block(ByteView{good}.first(size), some_head(), world_rules());
        ASSERT_FALSE(cut.has_value());
        ASSERT_EQ(cut.error().code, BlockError::kMalformed);
    }
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(check_block(longer, some_head(), world_rules()).error().code, BlockError::kMalformed);
}

TEST(BlockCheck, refuses_a_block_over_the_size_limit_before_decoding) {
    const Bytes huge(kBlockBytesMax + 1);
    EXPECT_EQ(check_block(huge, some_head(), world_rules()).error().code, BlockError::kTooLarge);
}

/// A block that is put together from parts meets the limits of one that was received: otherwise it
/// could be stored and never read again.
TEST(BlockCheck, refuses_a_block_in_memory_over_the_count_limit) {
    Block block = good_block();
    block.txns.resize(kBlockTxnsMax + 1, block.txns[0]);
    EXPECT_EQ(check_block(block, some_head(), world_rules()).error().code, BlockError::kTooLarge);
}

TEST(BlockCheck, refuses_a_block_in_memory_over_the_byte_limit) {
    TxnRules rules = world_rules();
    rules.block_gas_max = Gas{UINT64_MAX};
    const Transaction large = signed_txn(actor(1), registration(actor(1), world_params()));
    const std::size_t fitting =
        (kBlockBytesMax - codec::Codec<Block>::kBytesMin) / codec::encode(large).size();
    ASSERT_LT(fitting, kBlockTxnsMax);
    Block block = good_block();
    block.txns.assign(fitting, large);
    EXPECT_NE(check_block(block, some_head(), rules).error().code, BlockError::kTooLarge);
    EXPECT_LE(codec::encode(block).size(), kBlockBytesMax);
    block.txns.push_back(large);
    EXPECT_EQ(check_block(block, some_head(), rules).error().code, BlockError::kTooLarge);
    EXPECT_GT(codec::encode(block).size(), kBlockBytesMax);
}

TEST(BlockCheck, refuses_a_header_that_does_not_continue_the_head) {
    EXPECT_EQ(error_of([](Header& h) { h.version = 0; }), BlockError::kBadVersion);
    EXPECT_EQ(error_of([](Header& h) { h.version = 2; }), BlockError::kBadVersion);
    EXPECT_EQ(error_of([](Header& h) { h.chain_id.value += 1; }), BlockError::kWrongChain);
    EXPECT_EQ(error_of([](Header& h) { h.height = Height{41}; }), BlockError::kWrongHeight);
    EXPECT_EQ(error_of([](Header& h) { h.height = Height{43}; }), BlockError::kWrongHeight);
    EXPECT_EQ(error_of([](Header& h) { h.height = Height{}; }), BlockError::kWrongHeight);
    EXPECT_EQ(error_of([](Header& h) { h.parent.data[31] ^= 1; }), BlockError::kWrongParent);
    EXPECT_EQ(error_of([](Header& h) { h.time = TimeMs{5'000}; }), BlockError::kWrongTime);
    EXPECT_EQ(error_of([](Header& h) { h.time = TimeMs{}; }), BlockError::kWrongTime);
    EXPECT_EQ(
        error_of([](Header& h) { h.parent_state_root.data[0] ^= 1; }), BlockError::kWrongStateRoot);
    EXPECT_EQ(
        error_of([](Header& h) { h.parent_receipts_root.data[9] ^= 128; }),
        BlockError::kWrongReceiptsRoot);
    EXPECT_EQ(error_of([](Header& h) { h.parent_gas_used.value -= 1; }), BlockError::kWrongGasUsed);
    EXPECT_EQ(error_of([](Header& h) { h.facts_root.data[5] = 1; }), BlockError::kWrongFactsRoot);
    EXPECT_EQ(error_of([](Header& h) { h.txn_root.data[5] ^= 1; }), BlockError::kWrongTxnRoot);
}

/// What consensus checks passes here, but is part of the block's name.
TEST(BlockCheck, fields_of_consensus_change_the_hash_only) {
    const std::vector<std::function<void(Header&)>> changes = {
        [](Header& h) { h.view.value = 9; },
        [](Header& h) { h.term.value = 9; },
        [](Header& h) { h.time.value += 1; },
        [](Header& h) { h.parent_certificate.data[0] = 1; },
        [](Header& h) { h.beacon.data[31] = 1; },
        [](Header& h) { h.beacon_proof.data[79] = 1; },
        [](Header& h) { h.committee.data[0] = 1; },
        [](Header& h) { h.next_committee.data[0] = 1; },
        [](Header& h) { h.proposer.data[19] ^= 1; }};
    for (std::size_t i = 0; i < changes.size(); ++i) {
        Block block = good_block();
        const Hash before = block_hash(block.header);
        changes[i](block.header);
        const auto checked = check_block(block, some_head(), world_rules());
        ASSERT_TRUE(checked.has_value()) << i << ": " << describe(checked.error());
        EXPECT_NE(checked->hash, before) << i;
    }
}

TEST(BlockCheck, nothing_follows_the_last_height) {
    Head head = some_head();
    head.height = Height{UINT64_MAX};
    Block block = good_block();
    block.header.height = Height{};
    EXPECT_EQ(check_block(block, head, world_rules()).error().code, BlockError::kWrongHeight);
}

TEST(BlockCheck, names_the_bad_transaction_and_its_rule) {
    const auto expect = [](const Transaction& bad, TxnError error) {
        const BlockFault fault = txn_fault_of(bad);
        EXPECT_EQ(fault.code, BlockError::kBadTxn);
        EXPECT_EQ(fault.index, 1U);
        EXPECT_EQ(fault.txn, error) << describe(fault);
    };
    const Transfer transfer{nobody(1), Amount{5}};
    Transaction txn = some_txn();
    txn.body.version = 2;
    expect(txn, TxnError::kBadVersion);
    txn = some_txn();
    txn.body.chain_id.value += 1;
    expect(txn, TxnError::kWrongChain);
    expect(signed_txn(actor(1), transfer, {.gas_limit = 0}), TxnError::kZeroGas);
    expect(
        signed_txn(actor(1), transfer, {.gas_limit = txn.body.gas_limit.value - 1}),
        TxnError::kGasTooLow);
    expect(signed_txn(actor(1), transfer, {.gas_limit = 10'000'001}), TxnError::kGasTooHigh);
    expect(signed_txn(actor(1), transfer, {.gas_price = 0}), TxnError::kPriceTooLow);
    expect(signed_txn(actor(1), transfer, {.gas_price = UINT64_MAX}), TxnError::kFeeOverflow);
    expect(signed_txn(actor(1), Transfer{nobody(1), Amount{UINT64_MAX}}), TxnError::kFeeOverflow);
    expect(signed_txn(actor(1), Delegate{nobody(1), Amount{UINT64_MAX}}), TxnError::kFeeOverflow);
    expect(signed_txn(actor(1), Transfer{nobody(1), Amount{}}), TxnError::kZeroAmount);
    expect(signed_txn(actor(1), Delegate{nobody(1), Amount{}}), TxnError::kZeroAmount);
    expect(signed_txn(actor(1), Unbond{nobody(1), Amount{}}), TxnError::kZeroAmount);
    expect(
        signed_txn(actor(1), registration(actor(1), world_params(), 10'001)),
        TxnError::kBadCommission);
    expect(signed_txn(actor(1), transfer, {.valid_until = 41}), TxnError::kExpired);
}

TEST(BlockCheck, a_transaction_is_valid_until_its_last_height) {
    const Transaction txn =
        signed_txn(actor(1), Transfer{nobody(1), Amount{5}}, {.valid_until = 42});
    EXPECT_TRUE(check_block(block_of({txn}), some_head(), world_rules()).has_value());
}

TEST(BlockCheck, refuses_the_same_transaction_twice) {
    const BlockFault fault = fault_of(block_of({some_txn(0), some_txn(1), some_txn(0)}));
    EXPECT_EQ(fault.code, BlockError::kDuplicateTxn);
    EXPECT_EQ(fault.txn, std::nullopt);
}

TEST(BlockCheck, the_order_of_transactions_is_part_of_the_root) {
    Block block = good_block();
    std::swap(block.txns[0], block.txns[1]);
    EXPECT_EQ(fault_of(block).code, BlockError::kWrongTxnRoot);
    block = good_block();
    block.txns.pop_back();
    EXPECT_EQ(fault_of(block).code, BlockError::kWrongTxnRoot);
}

TEST(BlockCheck, gas_limits_fill_a_block_exactly) {
    const std::uint64_t each = some_txn().body.gas_limit.value;
    TxnRules rules = world_rules();
    rules.block_gas_max = Gas{3 * each};
    EXPECT_TRUE(check_block(good_block(), some_head(), rules).has_value());
    rules.block_gas_max = Gas{3 * each - 1};
    EXPECT_EQ(fault_of(good_block(), rules).code, BlockError::kGasOverLimit);
}

/// Reliability, incident 1: limits whose sum wraps must not look small.
TEST(BlockCheck, gas_limits_that_wrap_are_over_the_limit) {
    TxnRules rules = world_rules();
    rules.gas_price_min = GasPrice{};
    rules.block_gas_max = Gas{UINT64_MAX};
    const TxnOptions huge{.nonce = 0, .gas_limit = UINT64_MAX / 2 + 1, .gas_price = 1};
    TxnOptions next = huge;
    next.nonce = 1;
    const Transfer transfer{nobody(1), Amount{5}};
    const Block block =
        block_of({signed_txn(actor(1), transfer, huge), signed_txn(actor(1), transfer, next)});
    EXPECT_EQ(fault_of(block, rules).code, BlockError::kGasOverLimit);
}

TEST(BlockCheck, every_error_has_its_own_words) {
    std::vector<std::string> texts;
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(BlockError::kGasOverLimit); ++i) {
        texts.emplace_back(to_string(static_cast<BlockError>(i)));
    }
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(TxnError::kBadSignature); ++i) {
        texts.emplace_back(to_string(static_cast<TxnError>(i)));
    }
    std::ranges::sort(texts);
    EXPECT_EQ(std::ranges::adjacent_find(texts), texts.end());
    EXPECT_EQ(
        describe({.code = BlockError::kBadTxn, .index = 3, .txn = TxnError::kZeroGas}),
        "bad transaction 3: gas limit is zero");
}

class BlockSignatures : public ::testing::TestWithParam<std::size_t> {};

TEST_P(BlockSignatures, finds_the_first_bad_one) {
    constexpr std::size_t kCount = 100;
    WorkerPool workers(GetParam());
    CheckedBlock block;
    for (std::size_t i = 0; i < kCount; ++i) {
        block.txns.push_back(check(some_txn(i), world_rules()).value());
    }
    EXPECT_TRUE(check_signatures(block, workers).has_value());
    for (const std::vector<std::size_t>& bad :
         {std::vector<std::size_t>{99}, {50, 98}, {17, 18, 64, 99}, {0, 1, 99}}) {
        CheckedBlock spoiled = block;
        for (const std::size_t index : bad) {
            spoiled.txns[index].txn.signature.data[3] ^= 1;
        }
        const auto checked = check_signatures(spoiled, workers);
        ASSERT_FALSE(checked.has_value());
        EXPECT_EQ(
            checked.error(),
            (BlockFault{
                .code = BlockError::kBadTxn,
                .index = bad.front(),
                .txn = TxnError::kBadSignature}));
    }
    EXPECT_TRUE(check_signatures(CheckedBlock{}, workers).has_value());
}

/// Any signed byte that changes makes the signature bad.
TEST_P(BlockSignatures, cover_the_whole_body) {
    WorkerPool workers(GetParam());
    const Bytes encoded = codec::encode(some_txn());
    for (std::size_t i = 0; i < encoded.size() - Signature::kSize; ++i) {
        Bytes changed = encoded;
        changed[i] ^= 1;
        const auto txn = codec::decode<Transaction>(changed);
        if (!txn) {
            continue;  // another payload, or none
        }
        CheckedBlock block;
        block.txns.push_back(
            {.txn = *txn, .id = {}, .sender = {}, .intrinsic_gas = {}, .fee_max = {}});
        ASSERT_FALSE(check_signatures(block, workers).has_value()) << "byte " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Threads, BlockSignatures, ::testing::Values(1, 4));

}  // namespace
}  // namespace polis::ledger::testing
