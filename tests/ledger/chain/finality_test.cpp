// What agreement keeps in the store beside blocks: certificates, the vote record, pending blocks;
// and what it asks of the chain: who votes, and whether facts may stand.
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/checker.hpp>
#include <consensus/committee.hpp>
#include <core/codec/borsh.hpp>
#include <ledger/block.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/store/fault_store.hpp>
#include <ledger/store/memory_store.hpp>
#include <ledger/store/rows.hpp>
#include <tests/support/ledger_world.hpp>

namespace polis::ledger::testing {
namespace {

pbft::Certificate certificate_of(const CheckedBlock& block) {
    pbft::Certificate out;
    out.statement.height = block.header.height;
    out.statement.phase = pbft::Phase::kCommit;
    out.statement.digest = block.hash;
    out.signers = {3};
    out.signatures.resize(2);
    return out;
}

Bytes record_of(std::uint8_t number) { return Bytes{number, 1, 2, 3}; }

/// A chain in memory that can be closed and opened again.
class FinalityTest : public ::testing::Test {
  protected:
    FinalityTest() {
        auto memory = std::make_unique<MemoryStore>();
        store = memory.get();
        chain = must(Chain::create(std::move(memory), genesis, {}));
    }

    void reopen() {
        auto memory = std::make_unique<MemoryStore>(store->image());
        store = memory.get();
        chain = must(Chain::open(std::move(memory), {}));
    }

    [[nodiscard]] CheckedBlock next(const Address& proposer = actor(0).address) const {
        return block_on(chain->head(), {}, proposer);
    }

    void grow_to(std::uint64_t height) {
        while (chain->head().height.value < height) {
            must(chain->apply(next()));
        }
    }

    const GenesisState genesis = world_genesis(4, 2);
    const MemoryStore* store = nullptr;
    std::unique_ptr<Chain> chain;
};

TEST_F(FinalityTest, certificates_come_back_by_height) {
    const CheckedBlock first = next();
    must(chain->apply(first, {.certificate = certificate_of(first)}));
    must(chain->apply(next()));
    reopen();
    EXPECT_EQ(must(chain->certificate(Height{1})), certificate_of(first));
    EXPECT_FALSE(must(chain->certificate(Height{0})).has_value());
    EXPECT_FALSE(must(chain->certificate(Height{2})).has_value()) << "it had none";
    EXPECT_FALSE(must(chain->certificate(Height{3})).has_value());
}

TEST_F(FinalityTest, the_last_block_of_a_term_proves_the_next_committee) {
    const std::uint64_t length = chain->params().term_blocks;
    std::vector<Hash> named;
    for (std::uint64_t height = 1; height <= 3 * length; ++height) {
        const CheckedBlock block = next();
        if (height % length == 0) {
            named.push_back(must(chain->next_committee()));
        }
        must(chain->apply(block, {.certificate = certificate_of(block)}));
    }
    reopen();
    for (std::uint64_t term = 0; term < 3; ++term) {
        const auto link = must(chain->reader().term_link(Term{term}));
        ASSERT_TRUE(link.has_value()) << term;
        const auto header = codec::decode<Header>(link->header);
        ASSERT_TRUE(header.has_value());
        EXPECT_EQ(header->height, Height{(term + 1) * length});
        EXPECT_EQ(link->certificate.statement.digest, block_hash(*header));
        EXPECT_EQ(consensus::committee_hash(link->members), named[term]);
    }
    EXPECT_FALSE(must(chain->reader().term_link(Term{3})).has_value()) << "it lasts";
}

TEST_F(FinalityTest, a_term_whose_last_block_has_no_certificate_has_no_link) {
    grow_to(chain->params().term_blocks);
    EXPECT_FALSE(must(chain->reader().term_link(Term{})).has_value());
}

TEST_F(FinalityTest, a_certificate_of_another_block_is_a_mistake_of_the_caller) {
    CheckedBlock other = next();
    other.hash.data[0] ^= 1;
    EXPECT_DEATH(
        static_cast<void>(chain->apply(next(), {.certificate = certificate_of(other)})), "digest");
}

TEST_F(FinalityTest, the_vote_record_is_the_latest) {
    EXPECT_FALSE(must(chain->vote_record()).has_value());
    must(chain->persist_vote(record_of(1), nullptr));
    must(chain->persist_vote(record_of(2), nullptr));
    reopen();
    EXPECT_EQ(must(chain->vote_record()), record_of(2));
    must(chain->apply(next(), {.vote_record = record_of(3)}));
    must(chain->apply(next()));
    reopen();
    EXPECT_EQ(must(chain->vote_record()), record_of(3)) << "a block without one leaves it";
}

TEST_F(FinalityTest, pending_blocks_stay_until_their_height_is_final) {
    const CheckedBlock mine = next();
    const CheckedBlock other = next(actor(1).address);
    must(chain->persist_vote(record_of(1), &mine));
    must(chain->persist_vote(record_of(2), &other));
    reopen();
    for (const CheckedBlock& block : {mine, other}) {
        const auto found = must(chain->pending_block(block.hash));
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(codec::encode(*found), encode_block(block));
        EXPECT_TRUE(check_block(*found, chain->head(), chain->rules()).has_value());
    }
    EXPECT_FALSE(must(chain->pending_block(Hash{})).has_value());
    must(chain->apply(other, {.certificate = certificate_of(other)}));
    EXPECT_FALSE(must(chain->pending_block(mine.hash)).has_value());
    for (const auto& [key, value] : store->image()) {
        EXPECT_NE(key[0], 'P') << "nothing is left behind";
    }
}

/// Every call that fails or crashes: afterwards nothing may be signed or applied, and what was
/// acknowledged is there, the last one whole or not at all.
TEST(VoteRecord, is_durable_when_acknowledged_at_every_fault) {
    const GenesisState genesis = world_genesis(4, 2);
    MemoryImage image;
    {
        auto memory = std::make_unique<MemoryStore>();
        const MemoryStore& store = *memory;
        const auto chain = must(Chain::create(std::move(memory), genesis, {}));
        image = store.image();
    }
    std::size_t struck = 0;
    for (const StoreFault fault :
         {StoreFault::kIo, StoreFault::kNoSpace, StoreFault::kFailedSync, StoreFault::kCrash}) {
        for (std::uint64_t call = 1; call <= 3; ++call) {
            auto faulty = std::make_unique<FaultStore>(call, image);
            FaultStore& store = *faulty;
            const auto chain = must(Chain::open(std::move(faulty), {}));
            const CheckedBlock block = block_on(chain->head(), {});
            store.inject({.call = store.calls() + call, .fault = fault});
            std::uint8_t acknowledged = 0;
            for (std::uint8_t vote = 1; vote <= 3; ++vote) {
                const auto written =
                    chain->persist_vote(record_of(vote), vote == 2 ? &block : nullptr);
                if (!written) {
                    break;
                }
                acknowledged = vote;
            }
            ASSERT_TRUE(store.fired());
            ++struck;
            ASSERT_LT(acknowledged, 3);
            EXPECT_EQ(chain->persist_vote(record_of(9), nullptr).error().code, StoreErrc::kHalted);
            EXPECT_EQ(chain->apply(block).error().code, StoreErrc::kHalted);
            const auto again = must(Chain::open(
                std::make_unique<MemoryStore>(
                    store.surviving_image(BatchLoss::kDropsUnsynced, call)),
                {}));
            const auto record = must(again->vote_record());
            const std::uint8_t found = record ? (*record)[0] : std::uint8_t{0};
            EXPECT_TRUE(found == acknowledged || found == acknowledged + 1) << int{found};
            EXPECT_EQ(must(again->pending_block(block.hash)).has_value(), found >= 2);
        }
    }
    EXPECT_EQ(struck, 12U);
}

TEST(VoteRecord, is_not_written_after_a_block_failed) {
    auto faulty = std::make_unique<FaultStore>(1);
    FaultStore& store = *faulty;
    const auto chain = must(Chain::create(std::move(faulty), world_genesis(4, 2), {}));
    const CheckedBlock block = block_on(chain->head(), {});
    store.inject({.call = store.calls() + 1, .fault = StoreFault::kNoSpace});
    const Finality finality{.certificate = certificate_of(block), .vote_record = record_of(1)};
    ASSERT_FALSE(chain->apply(block, finality).has_value());
    EXPECT_EQ(chain->persist_vote(record_of(2), nullptr).error().code, StoreErrc::kHalted);
    const auto again = must(Chain::open(
        std::make_unique<MemoryStore>(store.surviving_image(BatchLoss::kDropsUnsynced, 1)), {}));
    EXPECT_EQ(again->head().height, Height{0});
    EXPECT_FALSE(must(again->vote_record()).has_value()) << "one batch with the block";
    EXPECT_FALSE(must(again->certificate(Height{1})).has_value());
}

TEST_F(FinalityTest, applying_names_the_accounts_that_changed) {
    const CheckedTxn txn = checked_txn(actor(1), Transfer{nobody(9), Amount{5}});
    auto applied = must(chain->apply(block_on(chain->head(), {txn}, actor(3).address)));
    std::vector<Address> expected{actor(1).address, nobody(9), actor(3).address};
    std::ranges::sort(expected);
    std::ranges::sort(applied.touched);
    EXPECT_EQ(applied.touched, expected);
    EXPECT_EQ(applied.receipts.size(), 1U);
}

TEST_F(FinalityTest, the_head_carries_the_beacon_of_its_block) {
    EXPECT_EQ(chain->head().beacon, Hash{});
    const Hash beacon = Hash::from_view(Bytes(32, 0xbe));
    const BlockPlan plan{
        .chain_id = chain->params().chain_id,
        .time = TimeMs{chain->head().time.value + 1},
        .proposer = actor(0).address,
        .seat = {
            .view = View{2},
            .term = Term{1},
            .parent_certificate = Hash::from_view(Bytes(32, 3)),
            .beacon = beacon,
            .beacon_proof = VrfProof::from_view(Bytes(80, 4)),
            .committee = Hash::from_view(Bytes(32, 5)),
            .next_committee = Hash::from_view(Bytes(32, 6))}};
    const CheckedBlock block = make_block(chain->head(), plan, {});
    EXPECT_EQ(block.header.view, plan.seat.view);
    EXPECT_EQ(block.header.term, plan.seat.term);
    EXPECT_EQ(block.header.parent_certificate, plan.seat.parent_certificate);
    EXPECT_EQ(block.header.beacon_proof, plan.seat.beacon_proof);
    EXPECT_EQ(block.header.committee, plan.seat.committee);
    EXPECT_EQ(block.header.next_committee, plan.seat.next_committee);
    must(chain->apply(block));
    reopen();
    EXPECT_EQ(chain->head().beacon, beacon);
}

/// Terms of five blocks; a third validator stakes in term 0 and votes from term 2 on.
TEST_F(FinalityTest, the_schedule_follows_the_terms) {
    const auto first = must(chain->schedule());
    EXPECT_EQ(first.height, Height{1});
    EXPECT_EQ(first.head, chain->head().block);
    EXPECT_EQ(first.current.term, Term{0});
    EXPECT_EQ(first.parent, first.current);
    EXPECT_EQ(first.next, first.current);
    EXPECT_EQ(consensus::committee_hash(first.current.members), genesis.committee);
    const Params params = world_params();
    must(chain->apply(block_on(
        chain->head(),
        {checked_txn(actor(2), registration(actor(2), params)),
         checked_txn(actor(2), Delegate{actor(2).address, Amount{500'000}}, {.nonce = 1})})));
    std::vector<pbft::Schedule> all{first};
    for (std::uint64_t height = 1; height <= 16; ++height) {
        grow_to(height);
        all.push_back(must(chain->schedule()));
        const pbft::Schedule& now = all.back();
        EXPECT_EQ(now.height, Height{height + 1});
        EXPECT_EQ(now.head, chain->head().block);
        EXPECT_EQ(now.current.term, consensus::term_of(now.height, params.term_blocks));
        EXPECT_EQ(now.current.members, all[height - 1].next.members);
        EXPECT_EQ(now.current.term, all[height - 1].next.term);
        EXPECT_EQ(now.parent.members, all[height - 1].current.members);
        EXPECT_EQ(now.parent.term, all[height - 1].current.term);
        EXPECT_EQ(now.current.size(), height + 1 <= 10 ? 2U : 3U) << height + 1;
    }
    EXPECT_EQ(all[10].current.members[0].validator, actor(2).address) << "most stake first";
}

TEST_F(FinalityTest, the_next_committee_is_that_of_the_coming_term) {
    EXPECT_EQ(must(chain->next_committee()), genesis.committee);
    must(chain->apply(block_on(
        chain->head(),
        {checked_txn(actor(2), registration(actor(2), world_params())),
         checked_txn(actor(2), Delegate{actor(2).address, Amount{500'000}}, {.nonce = 1})})));
    grow_to(4);
    EXPECT_EQ(must(chain->next_committee()), genesis.committee);
    grow_to(5);
    const Hash announced = must(chain->next_committee());
    EXPECT_NE(announced, genesis.committee);
    grow_to(10);
    const auto schedule = must(chain->schedule());
    EXPECT_EQ(consensus::committee_hash(schedule.current.members), announced);
}

TEST_F(FinalityTest, a_term_that_is_not_the_heads_is_corrupt) {
    GenesisState skewed = genesis;
    for (StateChange& record : skewed.records) {
        if (record.key.kind() == RecordKind::kTerms) {
            auto terms = codec::decode<terms::TermRecord>(*record.value).value();
            terms.term = Term{1};
            record.value = SmallBytes(codec::encode(terms));
        }
    }
    auto memory = std::make_unique<MemoryStore>();
    const MemoryStore& skewed_store = *memory;
    const auto made = must(Chain::create(std::move(memory), skewed, {}));
    const auto opened = Chain::open(std::make_unique<MemoryStore>(skewed_store.image()), {});
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, StoreErrc::kCorrupt);
    EXPECT_NE(opened.error().context.find("term is 1, not 0"), std::string::npos);
}

TEST_F(FinalityTest, facts_are_judged_by_the_committees_of_the_state) {
    consensus::PlainChecker checker;
    const std::vector<consensus::Member> members = must(chain->schedule()).current.members;
    std::vector<const crypto::SigningKey*> keys;
    for (const consensus::Member& member : members) {
        const bool first = member.validator == actor(0).address;
        keys.push_back(&actor(first ? 0 : 1).consensus_key);
    }
    const consensus::Fact fact{
        .kind = consensus::FactKind::kBlobAvailable, .subject = {}, .result = {}};
    const auto judged = [&](Term term, const consensus::Fact& item, std::size_t signers) {
        BlockPlan plan{
            .chain_id = chain->params().chain_id,
            .time = TimeMs{chain->head().time.value + 1},
            .proposer = {}};
        plan.facts = {certified_fact(term, item, keys, signers)};
        const auto fault = must(chain->check_facts(make_block(chain->head(), plan, {}), checker));
        return fault ? std::optional{fault->code} : std::nullopt;
    };
    EXPECT_FALSE(must(chain->check_facts(next(), checker)).has_value());
    EXPECT_EQ(judged(Term{0}, fact, 2), std::nullopt);
    EXPECT_EQ(judged(Term{0}, fact, 1), facts::FactsError::kBadCertificate);
    EXPECT_EQ(judged(Term{1}, fact, 2), facts::FactsError::kWrongTerm);
    consensus::Fact score = fact;
    score.kind = consensus::FactKind::kModelScore;
    EXPECT_EQ(judged(Term{0}, score, 2), facts::FactsError::kRefused);
    grow_to(5);
    EXPECT_EQ(judged(Term{0}, fact, 2), std::nullopt) << "late, of the term before";
    EXPECT_EQ(judged(Term{1}, fact, 2), std::nullopt);
    grow_to(10);
    EXPECT_EQ(judged(Term{0}, fact, 2), facts::FactsError::kWrongTerm);
}

}  // namespace
}  // namespace polis::ledger::testing
