// The chain on its stores: genesis, blocks, questions, reopening.
// Method: a seeded workload applied over memory and over LevelDB, compared with what it returned.
#include <ledger/chain.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/state/record.hpp>
#include <ledger/store/block_rows.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

StoreErrc code_of(const StoreResult<std::unique_ptr<Chain>>& opened) {
    EXPECT_FALSE(opened.has_value());
    return opened ? StoreErrc{} : opened.error().code;
}

/// Where the chain lives between two openings.
class Home {
  public:
    virtual ~Home() = default;
    virtual std::unique_ptr<KeyValueStore> open() = 0;
    virtual void keep(const KeyValueStore& store) = 0;
};

class MemoryHome final : public Home {
  public:
    std::unique_ptr<KeyValueStore> open() override {
        return std::make_unique<MemoryStore>(std::move(image_));
    }

    void keep(const KeyValueStore& store) override {
        image_.clear();
        must(store.scan({}, {}, [this](ByteView key, ByteView value) {
            image_.emplace(to_bytes(key), to_bytes(value));
            return true;
        }));
    }

  private:
    MemoryImage image_;
};

class DiskHome final : public Home {
  public:
    std::unique_ptr<KeyValueStore> open() override {
        return must(open_leveldb(dir_.path() / "db", {.write_buffer_bytes = 64 << 10}));
    }

    void keep(const KeyValueStore& /*store*/) override {}

  private:
    TempDir dir_;
};

struct Kind {
    std::string name;
    std::function<std::unique_ptr<Home>()> make;
};

class ChainTest : public ::testing::TestWithParam<Kind> {
  protected:
    void create() { chain = must(Chain::create(home->open(), world_genesis(), options)); }

    void reopen() {
        home->keep(chain->store());
        chain.reset();
        chain = must(Chain::open(home->open(), options));
    }

    /// Applies the next block of the workload and remembers it.
    void grow(std::size_t count = 1) {
        for (; count > 0; --count) {
            const CheckedBlock made = workload.next(chain->head(), chain->state());
            const auto block = check_block(encode_block(made), chain->head(), chain->rules());
            ASSERT_TRUE(block.has_value()) << describe(block.error());
            receipts.push_back(must(chain->apply(*block)).receipts);
            blocks.push_back(*block);
        }
    }

    std::unique_ptr<Home> home = GetParam().make();
    Chain::Options options = chain_options(4'096, Durability::kBuffered);
    std::unique_ptr<Chain> chain;
    Workload workload{7, 6, 9};
    std::vector<CheckedBlock> blocks;            ///< from height 1
    std::vector<std::vector<Receipt>> receipts;  ///< from height 1
};

TEST_P(ChainTest, starts_at_its_genesis) {
    create();
    const GenesisState genesis = world_genesis();
    EXPECT_EQ(chain->head().height, Height{});
    EXPECT_EQ(chain->head().time, genesis.time);
    EXPECT_EQ(chain->head().records, genesis.records.size());
    EXPECT_EQ(chain->genesis(), genesis_hash(genesis, chain->head().state_root));
    EXPECT_EQ(chain->params(), genesis.params);
    EXPECT_EQ(must(chain->genesis_source()), genesis.source);
    EXPECT_EQ(must(chain->block(Height{})).value().header.parent, chain->genesis());
    EXPECT_EQ(block_hash(must(chain->block(Height{})).value().header), chain->head().block);
    EXPECT_EQ(must(chain->receipts(Height{})).value(), std::vector<Receipt>{});
    EXPECT_EQ(must(chain->height_of(chain->head().block)), Height{});
    for (const StateChange& record : genesis.records) {
        EXPECT_EQ(must(chain->state().get(record.key)), record.value);
    }
    EXPECT_EQ(chain->rules().block_gas_max, genesis.params.block_gas_max);
}

TEST_P(ChainTest, comes_back_the_same_after_reopening) {
    create();
    for (int round = 0; round < 4; ++round) {
        grow(static_cast<std::size_t>(3 * round));
        const Head head = chain->head();
        const Hash genesis = chain->genesis();
        reopen();
        EXPECT_EQ(chain->head(), head);
        EXPECT_EQ(chain->genesis(), genesis);
        EXPECT_EQ(chain->params(), world_params());
        EXPECT_EQ(must(chain->genesis_source()), world_genesis().source);
        EXPECT_EQ(audit(chain->store()), "");
    }
}

TEST_P(ChainTest, answers_what_was_applied) {
    create();
    grow(25);
    for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            const Height height{i + 1};
            const auto block = must(chain->block(height));
            ASSERT_TRUE(block.has_value());
            EXPECT_EQ(codec::encode(*block), encode_block(blocks[i]));
            EXPECT_EQ(must(chain->receipts(height)), receipts[i]);
            EXPECT_EQ(must(chain->height_of(blocks[i].hash)), height);
        }
        EXPECT_EQ(must(chain->block(Height{26})), std::nullopt);
        EXPECT_EQ(must(chain->receipts(Height{26})), std::nullopt);
        EXPECT_EQ(must(chain->block(Height{UINT64_MAX})), std::nullopt);
        EXPECT_EQ(must(chain->height_of(Hash{})), std::nullopt);
        EXPECT_EQ(must(chain->txn(Hash{})).has_value(), false);
        reopen();
    }
}

TEST_P(ChainTest, finds_every_executed_transaction_by_its_id) {
    create();
    grow(25);
    std::size_t found = 0;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        for (std::uint32_t k = 0; k < blocks[i].txns.size(); ++k) {
            const auto stored = must(chain->txn(blocks[i].txns[k].id));
            ASSERT_EQ(stored.has_value(), !is_skipped(receipts[i][k].status));
            if (stored) {
                EXPECT_EQ(stored->place, (rows::TxnPlace{Height{i + 1}, k}));
                EXPECT_EQ(stored->txn, blocks[i].txns[k].txn);
                EXPECT_EQ(stored->receipt, receipts[i][k]);
                ++found;
            }
        }
    }
    EXPECT_GT(found, 50U);
}

/// The accounts of a transaction that an index should name.
std::vector<Address> accounts_of(const CheckedTxn& txn) {
    std::vector<Address> out{txn.sender};
    const Payload& payload = txn.txn.body.payload;
    if (const auto* transfer = std::get_if<Transfer>(&payload)) {
        out.push_back(transfer->to);
    } else if (const auto* delegate = std::get_if<Delegate>(&payload)) {
        out.push_back(delegate->validator);
    } else if (const auto* unbond = std::get_if<Unbond>(&payload)) {
        out.push_back(unbond->validator);
    }
    if (out.size() == 2 && out[0] == out[1]) {
        out.pop_back();
    }
    return out;
}

TEST_P(ChainTest, pages_through_an_accounts_transactions) {
    create();
    grow(25);
    std::map<Address, std::vector<rows::TxnPlace>> expected;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        for (std::uint32_t k = 0; k < blocks[i].txns.size(); ++k) {
            if (!is_skipped(receipts[i][k].status)) {
                for (const Address& account : accounts_of(blocks[i].txns[k])) {
                    expected[account].push_back({Height{i + 1}, k});
                }
            }
        }
    }
    ASSERT_GT(expected.size(), 5U);
    for (const auto& [account, places] : expected) {
        for (const std::size_t page : {std::size_t{1}, std::size_t{3}, std::size_t{1'000}}) {
            std::vector<rows::TxnPlace> all;
            rows::TxnPlace first;
            for (auto part = must(chain->account_txns(account, first, page)); !part.empty();
                 part = must(chain->account_txns(account, first, page))) {
                ASSERT_LE(part.size(), page);
                all.insert(all.end(), part.begin(), part.end());
                first = {part.back().height, part.back().index + 1};
            }
            EXPECT_EQ(all, places);
        }
        EXPECT_TRUE(must(chain->account_txns(account, {}, 0)).empty());
    }
    EXPECT_TRUE(must(chain->account_txns(nobody(0xff), {}, 10)).empty());
}

/// A proposer may put an old transaction into a block again: it is skipped, and must not hide the
/// receipt of the time when it was executed.
TEST_P(ChainTest, a_repeated_transaction_keeps_its_first_receipt) {
    create();
    const CheckedTxn txn = checked_txn(actor(5), Transfer{nobody(1), Amount{5}});
    must(chain->apply(block_on(chain->head(), {txn})));
    const auto again = must(chain->apply(block_on(chain->head(), {txn}))).receipts;
    EXPECT_EQ(again.at(0).status, TxnStatus::kBadNonce);
    const auto stored = must(chain->txn(txn.id));
    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->place.height, Height{1});
    EXPECT_EQ(stored->receipt.status, TxnStatus::kSuccess);
    EXPECT_EQ(must(chain->account_txns(actor(5).address, {}, 9)).size(), 1U);
    EXPECT_EQ(must(chain->account_txns(nobody(1), {}, 9)).size(), 1U);
}

TEST_P(ChainTest, a_transaction_that_came_too_early_is_found_once_it_has_run) {
    create();
    const CheckedTxn early = checked_txn(actor(5), Transfer{nobody(1), Amount{5}}, {.nonce = 1});
    must(chain->apply(block_on(chain->head(), {early})));
    EXPECT_FALSE(must(chain->txn(early.id)).has_value());
    const CheckedTxn first = checked_txn(actor(5), Transfer{nobody(1), Amount{6}});
    must(chain->apply(block_on(chain->head(), {first, early})));
    EXPECT_EQ(must(chain->txn(early.id)).value().place, (rows::TxnPlace{Height{2}, 1}));
}

TEST_P(ChainTest, proves_its_records_against_the_root_of_the_next_header) {
    create();
    grow(5);
    const Hash root = block_on(chain->head(), {}).header.parent_state_root;
    const StateKey key = account_key(actor(1).address);
    const auto proven = verify_proof(root, key.bytes(), must(chain->prove(key)));
    ASSERT_TRUE(proven.has_value());
    EXPECT_EQ(*proven, must(chain->state().get(key)));
}

TEST_P(ChainTest, is_created_in_an_empty_store_only) {
    create();
    home->keep(chain->store());
    chain.reset();
    EXPECT_EQ(
        code_of(Chain::create(home->open(), world_genesis(), options)), StoreErrc::kWrongChain);
}

TEST_P(ChainTest, is_not_created_among_foreign_rows) {
    auto store = home->open();
    must(store->write(batch_of({{"a", "1"}}), Durability::kBuffered));
    EXPECT_EQ(
        code_of(Chain::create(std::move(store), world_genesis(), options)), StoreErrc::kCorrupt);
}

TEST_P(ChainTest, is_not_found_in_an_empty_store) {
    EXPECT_EQ(code_of(Chain::open(home->open(), options)), StoreErrc::kNotFound);
}

TEST_P(ChainTest, of_another_schema_is_refused_by_name) {
    create();
    home->keep(chain->store());
    chain.reset();
    auto store = home->open();
    WriteBatch batch;
    put_sealed(batch, rows::schema_key(), codec::encode(rows::kSchemaVersion + 1));
    must(store->write(batch, Durability::kBuffered));
    const auto opened = Chain::open(std::move(store), options);
    ASSERT_EQ(code_of(opened), StoreErrc::kWrongSchema);
    EXPECT_NE(opened.error().context.find("schema 3, this program reads 2"), std::string::npos);
}

TEST_P(ChainTest, of_two_stores_agrees_on_every_root) {
    create();
    grow(20);
    const auto other =
        must(Chain::create(std::make_unique<MemoryStore>(), world_genesis(), Chain::Options{}));
    for (const CheckedBlock& block : blocks) {
        must(other->apply(block));
    }
    EXPECT_EQ(other->head(), chain->head());
}

INSTANTIATE_TEST_SUITE_P(
    Stores,
    ChainTest,
    ::testing::Values(
        Kind{"memory", [] { return std::make_unique<MemoryHome>(); }},
        Kind{"leveldb", [] { return std::make_unique<DiskHome>(); }}),
    [](const auto& tested) { return tested.param.name; });

TEST(Genesis, its_name_covers_parameters_time_and_records) {
    const GenesisState genesis = world_genesis();
    const Hash name = genesis_hash(genesis, Hash{});
    GenesisState other = genesis;
    other.params.jail_blocks += 1;
    EXPECT_NE(genesis_hash(other, Hash{}), name);
    other = genesis;
    other.time.value += 1;
    EXPECT_NE(genesis_hash(other, Hash{}), name);
    Hash root;
    root.data[31] = 1;
    EXPECT_NE(genesis_hash(genesis, root), name);
    other = genesis;
    other.source.clear();
    EXPECT_EQ(genesis_hash(other, Hash{}), name);
}

TEST(Genesis, parameters_that_no_chain_can_run_with_are_named) {
    const auto error = [](const std::function<void(Params&)>& spoil) {
        Params params = world_params();
        spoil(params);
        return params_error(params).value_or("");
    };
    EXPECT_EQ(error([](Params&) {}), "");
    EXPECT_NE(error([](Params& p) { p.block_gas_max = {}; }), "");
    EXPECT_NE(error([](Params& p) { p.committee_size_max = 0; }), "");
    EXPECT_NE(error([](Params& p) { p.committee_size_max = 201; }), "");
    EXPECT_EQ(error([](Params& p) { p.committee_size_max = 200; }), "");
    EXPECT_NE(error([](Params& p) { p.term_blocks = 0; }), "");
    EXPECT_NE(error([](Params& p) { p.stake_min = {}; }), "");
    EXPECT_NE(error([](Params& p) { p.unbonding_era_blocks = 0; }), "");
    EXPECT_NE(error([](Params& p) { p.unbonding_blocks = UINT64_MAX; }), "");
    EXPECT_NE(error([](Params& p) { p.slash_double_sign_bps = 10'001; }), "");
    EXPECT_EQ(error([](Params& p) { p.slash_double_sign_bps = 10'000; }), "");
}

TEST(GenesisDeathTest, needs_usable_parameters_that_its_records_hold) {
    GenesisState genesis = world_genesis();
    genesis.params.unbonding_era_blocks = 0;
    EXPECT_DEATH(
        static_cast<void>(Chain::create(std::make_unique<MemoryStore>(), genesis, {})),
        "params_error");
    genesis = world_genesis();
    genesis.params.jail_blocks += 1;
    EXPECT_DEATH(
        static_cast<void>(Chain::create(std::make_unique<MemoryStore>(), genesis, {})),
        "params == genesis.params");
    genesis = world_genesis();
    genesis.committee.data[0] ^= 1;
    EXPECT_DEATH(
        static_cast<void>(Chain::create(std::make_unique<MemoryStore>(), genesis, {})),
        "genesis.committee");
}

TEST(Genesis, of_an_election_that_the_program_does_not_have_is_refused_by_name) {
    GenesisState genesis = world_genesis();
    genesis.params.election = ElectionKind::kPoc;
    const auto chain = Chain::create(std::make_unique<MemoryStore>(), genesis, {});
    ASSERT_FALSE(chain.has_value());
    EXPECT_EQ(chain.error().code, StoreErrc::kWrongSchema);
    EXPECT_NE(chain.error().context.find("poc"), std::string::npos);
}

}  // namespace
}  // namespace polis::ledger::testing
