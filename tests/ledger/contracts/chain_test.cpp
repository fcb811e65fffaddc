// Contracts on a chain that is stored, reopened and copied: the same roots whatever the cache, and
// every record there again. Method: two chains in memory take the same blocks.
#include <ledger/chain.hpp>

#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/modules/contracts.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/ledger/contracts/puppet.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

/// A store that outlives the chain on it.
class Shared final : public KeyValueStore {
  public:
    explicit Shared(KeyValueStore& store) : store_(store) {}

    [[nodiscard]] StoreResult<std::optional<Bytes>> get(ByteView key) const override {
        return store_.get(key);
    }

    [[nodiscard]] StoreResult<void> write(const WriteBatch& batch, Durability durability) override {
        return store_.write(batch, durability);
    }

    [[nodiscard]] StoreResult<void> scan(
        ByteView first, ByteView last, const ScanVisitor& visit) const override {
        return store_.scan(first, last, visit);
    }

    [[nodiscard]] std::uint64_t size_bytes() const override { return store_.size_bytes(); }

  private:
    KeyValueStore& store_;
};

std::unique_ptr<Chain> create(std::unique_ptr<KeyValueStore> store, std::size_t program_bytes) {
    Chain::Options options;
    options.program_cache_bytes = program_bytes;
    return must(Chain::create(std::move(store), world_genesis(), std::move(options)));
}

std::vector<CheckedTxn> txns_of(std::uint64_t block, const Address& contract) {
    const Actor& sender = actor(1);
    if (block == 0) {
        const Deploy deploy{puppet_code(), {}, Amount{500}, Gas{1'000'000}};
        return {checked_txn(sender, deploy)};
    }
    Script script;
    script.set(static_cast<std::uint8_t>(block), Bytes(block * 10, 7));
    script.set(100, {}).remove(static_cast<std::uint8_t>(block - 2)).transfer(nobody(9), 3);
    script.call({.to = contract, .input = Script().emit(Bytes{1}).trap().bytes()});
    Call call{contract, "run", script.bytes(), Amount{block}, Gas{1'000'000}};
    Call failing = call;
    failing.input = script.revert("no").bytes();
    return {
        checked_txn(sender, call, {.nonce = 2 * block - 1}),
        checked_txn(sender, failing, {.nonce = 2 * block})};
}

TEST(ContractChain, agrees_with_any_cache_and_reopens_to_the_same_state) {
    MemoryStore store;
    auto chain = create(std::make_unique<Shared>(store), kProgramCacheBytes);
    const auto uncached = create(std::make_unique<MemoryStore>(), 0);
    const Address contract = contracts::contract_address(actor(1).address, Nonce{0});
    for (std::uint64_t block = 0; block < 8; ++block) {
        const CheckedBlock next = block_on(chain->head(), txns_of(block, contract));
        const AppliedBlock applied = must(chain->apply(next));
        EXPECT_EQ(applied.receipts.front().status, TxnStatus::kSuccess);
        must(uncached->apply(next));
        EXPECT_EQ(chain->head().state_root, uncached->head().state_root);
        EXPECT_EQ(chain->head().receipts_root, uncached->head().receipts_root);
        if (block % 3 == 2) {
            chain.reset();
            chain = must(Chain::open(std::make_unique<Shared>(store), Chain::Options{}));
        }
    }
    EXPECT_EQ(audit(store), "");
    const auto empty = must(contracts::load_storage(chain->state(), contract, Bytes{100}));
    EXPECT_TRUE(empty.has_value() && empty->empty());
    const auto last = must(contracts::load_storage(chain->state(), contract, Bytes{7}));
    EXPECT_EQ(last->view().size(), 70U);
    EXPECT_FALSE(must(contracts::load_storage(chain->state(), contract, Bytes{5})).has_value());
}

}  // namespace
}  // namespace polis::ledger::testing
