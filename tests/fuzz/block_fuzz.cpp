// Blocks from the network, on a fixed head. First as they are; then with a header mended so that it
// follows the head and matches its body, for no fuzzer guesses a hash: so the checks of the body
// and the execution are reached as well. Executing a checked block neither fails nor makes coins.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/small_bytes.hpp>
#include <ledger/account.hpp>
#include <ledger/execution.hpp>
#include <ledger/modules/staking.hpp>
#include <ledger/modules/task_records.hpp>
#include <ledger/receipt.hpp>
#include <ledger/validation.hpp>
#include <tests/formats/example.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::ledger {
namespace {

const formats::Example& example() {
    static const formats::Example kExample = formats::make_example();
    return kExample;
}

/// The records of the example, found by walking: there are two.
class ExampleState final : public StateView {
  public:
    [[nodiscard]] StoreResult<std::optional<SmallBytes>> get(const StateKey& key) override {
        for (const StateChange& record : example().state) {
            if (record.key == key) {
                return record.value;
            }
        }
        return std::optional<SmallBytes>{};
    }
};

/// Coins in accounts and pools.
u128 coins_in(const StateKey& key, const std::optional<SmallBytes>& value) {
    if (!value) {
        return 0;
    }
    switch (key.kind()) {
        case RecordKind::kAccount:
            return codec::decode<Account>(*value)->balance.value;
        case RecordKind::kValidator:
            return codec::decode<staking::Validator>(*value)->pool.tokens.value;
        case RecordKind::kUnbondingPool:
            return codec::decode<staking::Pool>(*value)->tokens.value;
        case RecordKind::kTask:
            return codec::decode<tasks::Task>(*value)->escrow.value;
        case RecordKind::kTaskIndex:
        case RecordKind::kParams:
        case RecordKind::kSupply:
        case RecordKind::kValidatorList:
        case RecordKind::kConsensusKey:
        case RecordKind::kDelegation:
        case RecordKind::kUnbonding:
        case RecordKind::kTerms:
        case RecordKind::kElection:
        case RecordKind::kFact:
        case RecordKind::kOffence:
        case RecordKind::kContract:
        case RecordKind::kCode:
        case RecordKind::kStorage:
            return 0;
    }
    return 0;
}

void check_execution(const CheckedBlock& block) {
    ExampleState state;
    const auto outcome = execute_block(state, example().params, block);
    POLIS_ASSERT(outcome.has_value());
    POLIS_ASSERT_OP(outcome->receipts.size(), ==, block.txns.size());
    POLIS_ASSERT(outcome->gas_used <= example().params.block_gas_max);
    u128 before = 0;
    u128 after = 0;
    for (const StateChange& change : outcome->changes) {
        before += coins_in(change.key, *state.get(change.key));
        after += coins_in(change.key, change.value);
    }
    POLIS_ASSERT(before == after);
}

void check_accepted(const CheckedBlock& checked, const Block& block) {
    POLIS_ASSERT(equal(encode_block(checked), codec::encode(block)));
    POLIS_ASSERT(checked.hash == block_hash(block.header));
    POLIS_ASSERT(block.header.height.value == example().parent.height.value + 1);
    std::set<Hash> ids;
    std::uint64_t gas = 0;
    for (const CheckedTxn& txn : checked.txns) {
        ids.insert(txn.id);
        gas += txn.txn.body.gas_limit.value;
        POLIS_ASSERT(txn.txn.body.valid_until >= block.header.height);
    }
    POLIS_ASSERT_OP(ids.size(), ==, block.txns.size());
    POLIS_ASSERT_OP(gas, <=, example().params.block_gas_max.value);
}

void mend(Block& block) {
    const Head& parent = example().parent;
    Header& header = block.header;
    header.version = kHeaderVersion;
    header.chain_id = example().params.chain_id;
    header.height = Height{parent.height.value + 1};
    header.time = TimeMs{parent.time.value + 1};
    header.parent = parent.block;
    header.facts_root = consensus::facts_root(block.facts);
    header.parent_state_root = parent.state_root;
    header.parent_receipts_root = parent.receipts_root;
    header.parent_gas_used = parent.gas_used;
    std::vector<Hash> ids;
    ids.reserve(block.txns.size());
    for (const Transaction& txn : block.txns) {
        ids.push_back(txn_id(codec::encode(txn)));
    }
    header.txn_root = txn_root(ids);
}

Result<CheckedBlock, BlockFault> check_mended(Block& block) {
    mend(block);
    return check_block(block, example().parent, formats::rules_of(example().params));
}

/// A valid block with its last transaction a second time is invalid.
void check_repetition(Block block) {
    if (block.txns.empty()) {
        return;
    }
    block.txns.push_back(block.txns.back());
    const auto checked = check_mended(block);
    POLIS_ASSERT(!checked && checked.error().code == BlockError::kDuplicateTxn);
}

Result<CheckedBlock, BlockFault> check_guarded(ByteView encoded) {
    const fuzz::AllocGuard guard(encoded.size());
    return check_block(encoded, example().parent, formats::rules_of(example().params));
}

void run(ByteView input) {
    const auto checked = check_guarded(input);
    auto block = fuzz::decode_canonical<Block>(input);
    if (!block) {
        POLIS_ASSERT(!checked && checked.error().code == BlockError::kMalformed);
        return;
    }
    if (checked) {
        check_accepted(*checked, *block);
    } else {
        POLIS_ASSERT(!describe(checked.error()).empty());
    }
    const auto mended = check_mended(*block);
    if (mended) {
        check_accepted(*mended, *block);
        check_execution(*mended);
        check_repetition(*std::move(block));
    } else {
        const BlockError code = mended.error().code;
        POLIS_ASSERT(
            code == BlockError::kBadTxn || code == BlockError::kDuplicateTxn ||
            code == BlockError::kGasOverLimit || code == BlockError::kDuplicateFact ||
            code == BlockError::kFactsUnordered);
    }
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)polis::ledger::example();  // built outside of any memory bound
    polis::ledger::run({data, size});
    return 0;
}
