// Thousands of random blocks with extreme values: no assertion is reachable from a transaction, no
// coin appears or vanishes, and the outcome does not depend on what lies beneath the journal.
// Method: the same block over a std::map, over the state tree without a cache, and over a journal.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <core/random.hpp>
#include <ledger/account.hpp>
#include <ledger/execution.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/state/tree.hpp>
#include <ledger/store/memory_store.hpp>
#include <ledger/store/state_rows.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

/// All that a block did, as bytes.
Bytes bytes_of(const BlockOutcome& outcome) {
    Bytes out = codec::encode(outcome.receipts);
    codec::encode_to(out, outcome.receipts_root);
    codec::encode_to(out, outcome.gas_used);
    for (const StateChange& change : outcome.changes) {
        append(out, change.key.bytes());
        codec::encode_to(out, change.value.has_value());
        append(out, change.value.value_or(SmallBytes{}));
    }
    return out;
}

/// A state kept three ways at once.
class ThreeStates {
  public:
    void apply(const StateChanges& changes) {
        map.apply(changes);
        must(tree.apply(changes));
        WriteBatch batch;
        StateRows::write(batch, changes);
        must(store_.write(batch, Durability::kBuffered));
        tree.trim();
    }

    /// The block's outcome, after all views have agreed on it.
    BlockOutcome execute(const Params& params, const CheckedBlock& block) {
        BlockOutcome outcome = must(execute_block(map, params, block));
        const Bytes expected = bytes_of(outcome);
        EXPECT_EQ(bytes_of(must(execute_block(map, params, block))), expected) << "again";
        EXPECT_EQ(bytes_of(must(execute_block(tree, params, block))), expected) << "tree";
        Journal journal(tree);
        EXPECT_EQ(bytes_of(must(execute_block(journal, params, block))), expected) << "journal";
        return outcome;
    }

    MapView map;

  private:
    MemoryStore store_;
    StateRows rows_{store_};

  public:
    StateTree tree{rows_, {.cache_bytes_max = 0}};
};

struct Scale {
    std::uint64_t seed;
    std::uint64_t balance;
    std::size_t blocks;
};

constexpr std::size_t kPeople = 6;

class RandomBlocks : public ::testing::TestWithParam<Scale> {
  protected:
    RandomBlocks() : random(GetParam().seed) {
        ModuleWorld world;
        world.params.delegation_min = Amount{1};
        world.params.unbonding_blocks = 3;
        world.params.unbonding_era_blocks = 2;
        params = world.params;
        for (std::size_t i = 0; i < kPeople; ++i) {
            world.mint(actor(i).address, GetParam().balance);
        }
        must(terms::save_first_term(world.state, {}));
        states.apply(world.state.changes());
    }

    /// Numbers where arithmetic breaks, and ordinary ones.
    std::uint64_t number() {
        switch (random.below(8)) {
            case 0:
                return 1;
            case 1:
                return UINT64_MAX - random.below(3);
            case 2:
                return UINT64_MAX / 2 + random.below(3);
            case 3:
                return random.next() >> random.below(64);
            default:
                return random.between(1, GetParam().balance / 10 + 1);
        }
    }

    Address somebody() {
        return random.chance(1, 12) ? nobody(static_cast<std::uint8_t>(random.below(256)))
                                    : actor(random.below(kPeople)).address;
    }

    Payload payload(const Actor& sender) {
        switch (random.below(10)) {
            case 0: {
                RegisterValidator request = registration(
                    random.chance(4, 5) ? sender : actor(random.below(kPeople)),
                    params,
                    static_cast<std::uint16_t>(random.below(10'001)));
                if (random.chance(1, 6)) {
                    request.possession.data[0] ^= 1;
                }
                return request;
            }
            case 1:
            case 2:
                return Delegate{somebody(), Amount{number()}};
            case 3:
                return Unbond{somebody(), Amount{number()}};
            case 4:
                return Unbond{somebody(), std::nullopt};
            case 5:
            case 6:
                return Withdraw{somebody(), random.chance(1, 9) ? number() : past_era()};
            case 7:
                return Unjail{};
            case 8:
                return evidence();
            default:
                return Transfer{somebody(), Amount{number()}};
        }
    }

    /// Against anybody, mostly for a height of late; now and then with a bad signature.
    ReportEvidence evidence() {
        const Height height{
            head.height.value + 2 - std::min(head.height.value + 2, random.below(9))};
        ReportEvidence out{double_prepare(actor(random.below(kPeople)).consensus_key, height)};
        if (random.chance(1, 6)) {
            std::get<pbft::Equivocation>(out.evidence.proof).second_signature.data[0] ^= 1;
        }
        return out;
    }

    std::uint64_t past_era() {
        const std::uint64_t era = staking::era_of(params, head.height);
        return era - std::min(era, random.below(5));
    }

    std::vector<CheckedTxn> txns() {
        std::vector<CheckedTxn> out;
        std::array<std::uint64_t, kPeople> used{};
        for (std::uint64_t i = random.below(9); i > 0; --i) {
            const std::size_t who = random.below(kPeople);
            const auto account = must(load_account(states.map, actor(who).address));
            const std::uint64_t next = account.nonce.value + used[who];
            const TxnOptions options{
                .nonce = random.chance(1, 10) ? number() : next,
                .gas_limit = random.chance(1, 4) ? std::optional{number()} : std::nullopt,
                .gas_price = random.chance(1, 10) ? number() : random.between(1, 4)};
            const Transaction txn{
                .body = txn_body(actor(who), payload(actor(who)), options), .signature = {}};
            if (auto checked = check(txn, world_rules())) {
                used[who] += options.nonce == next ? 1 : 0;
                out.push_back(*std::move(checked));
            }
        }
        return out;
    }

    /// Evidence slashes a fixed part; here it is any, up to everything.
    void slash_somebody() {
        Journal journal(states.map);
        const Height infraction{head.height.value - std::min(head.height.value, random.below(9))};
        const auto fraction =
            static_cast<std::uint16_t>(random.chance(1, 8) ? kBasisPoints : random.below(5'000));
        must(staking::slash(journal, params, somebody(), infraction, head.height, fraction));
        states.apply(journal.changes());
    }

    Random random;
    Params params;
    ThreeStates states;
    Head head;
    std::set<TxnStatus> seen;
};

void check_receipts(const CheckedBlock& block, const BlockOutcome& outcome) {
    ASSERT_EQ(outcome.receipts.size(), block.txns.size());
    std::uint64_t gas = 0;
    for (std::size_t i = 0; i < block.txns.size(); ++i) {
        const Receipt& receipt = outcome.receipts[i];
        const bool skipped = is_skipped(receipt.status);
        EXPECT_EQ(receipt.gas_used, skipped ? Gas{} : block.txns[i].intrinsic_gas);
        EXPECT_EQ(receipt.fee, fee_of(receipt.gas_used, block.txns[i].txn.body.gas_price));
        EXPECT_TRUE(receipt.status == TxnStatus::kSuccess || receipt.events.empty());
        gas += receipt.gas_used.value;
    }
    EXPECT_EQ(outcome.gas_used, Gas{gas});
    EXPECT_LE(outcome.gas_used, world_params().block_gas_max);
}

TEST_P(RandomBlocks, conserve_coins_and_agree_over_every_view) {
    for (std::size_t i = 0; i < GetParam().blocks && !HasFailure(); ++i) {
        if (random.chance(1, 10)) {
            slash_somebody();
        }
        const CheckedBlock block = block_on(head, txns(), somebody());
        const BlockOutcome outcome = states.execute(params, block);
        check_receipts(block, outcome);
        states.apply(outcome.changes);
        head.height.value += 1;
        for (const Receipt& receipt : outcome.receipts) {
            seen.insert(receipt.status);
        }
        ASSERT_EQ(audit(states.map.records()), "") << "block " << head.height.value;
        ASSERT_EQ(states.tree.record_count(), states.map.records().size());
    }
    EXPECT_GE(seen.size(), 13U);
}

INSTANTIATE_TEST_SUITE_P(
    Scales,
    RandomBlocks,
    ::testing::Values(
        Scale{.seed = 11, .balance = 50'000'000, .blocks = 2'000},
        Scale{.seed = 12, .balance = 40'000, .blocks = 1'500},
        Scale{.seed = 13, .balance = UINT64_MAX / kPeople, .blocks = 2'000}));

}  // namespace
}  // namespace polis::ledger::testing
