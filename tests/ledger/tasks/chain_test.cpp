// Tasks on a chain: signed payloads, receipts, facts in blocks, and the seat that a round earns.
// Method: whole blocks on a chain in memory.
#include <ledger/chain.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <consensus/pole/records.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/modules/facts.hpp>
#include <ledger/modules/terms.hpp>
#include <ledger/store/memory_store.hpp>
#include <tests/ledger/tasks/task_world.hpp>

namespace polis::ledger::testing {
namespace {

namespace pole = consensus::pole;

GenesisState pole_genesis() {
    GenesisState genesis = world_genesis(8, 3);
    genesis.params.election = ElectionKind::kPole;
    MapView view;
    view.apply(genesis.records);
    Journal journal(view);
    must(save_params(journal, genesis.params));
    view.apply(journal.changes());
    genesis.records = view.all();
    return genesis;
}

/// Makes blocks as a proposer does, without agreement.
class TaskChain {
  public:
    TaskChain()
        : chain_(must(Chain::create(std::make_unique<MemoryStore>(), pole_genesis(), {}))) {}

    void send(std::size_t who, Payload payload) {
        txns_.push_back(checked_txn(actor(who), std::move(payload), {.nonce = nonces_[who]++}));
    }

    /// A block with what was sent and what the chain waits for; 300 ms after the last one.
    AppliedBlock block() {
        const Head& head = chain_->head();
        const Height height{head.height.value + 1};
        BlockPlan plan{
            .chain_id = chain_->params().chain_id,
            .time = TimeMs{head.time.value + 300},
            .proposer = actor(0).address};
        plan.seat.term = consensus::term_of(height, chain_->params().term_blocks);
        plan.seat.beacon = crypto::blake2b_256(crypto::kDomainBeacon, codec::encode(height));
        plan.facts = facts(plan.seat.term);
        CheckedBlock made = make_block(head, std::move(plan), std::exchange(txns_, {}));
        EXPECT_EQ(
            must(facts::election_objects(chain_->state(), chain_->params(), made)), std::nullopt);
        AppliedBlock applied = must(chain_->apply(made));
        for (const Receipt& receipt : applied.receipts) {
            EXPECT_EQ(receipt.status, TxnStatus::kSuccess) << to_string(receipt.status);
        }
        return applied;
    }

    /// Blocks until an event of that name.
    void wait_for(std::string_view name) {
        for (int i = 0; i < 100; ++i) {
            const AppliedBlock applied = block();
            if (std::ranges::find(applied.events, name, &Event::name) != applied.events.end()) {
                return;
            }
        }
        FAIL() << name << " did not happen";
    }

    [[nodiscard]] Chain& chain() { return *chain_; }

    std::map<Address, std::uint64_t> correct;  ///< what each trainer's model gets right of 100

  private:
    std::vector<consensus::CertifiedFact> facts(Term term) {
        std::vector<consensus::CertifiedFact> out;
        const tasks::Wanted wanted = must(tasks::wanted(chain_->state()));
        for (const tasks::BlobWanted& blob : wanted.blobs) {
            out.push_back(
                {.term = term,
                 .fact =
                     {.kind = consensus::FactKind::kBlobAvailable,
                      .subject = blob.root,
                      .result = {}},
                 .signers = {},
                 .signatures = {}});
        }
        for (const tasks::ScoreWanted& item : wanted.scores) {
            const pole::ScoreResult result{
                .verdict = pole::Verdict::kScored,
                .correct = correct[item.trainer],
                .cross_entropy = 1,
                .count = 100};
            out.push_back(
                {.term = term,
                 .fact = tasks::score_fact(item, result),
                 .signers = {},
                 .signatures = {}});
        }
        return out;
    }

    std::unique_ptr<Chain> chain_;
    std::vector<CheckedTxn> txns_;
    std::map<std::size_t, std::uint64_t> nonces_;
};

Hash commitment_of(Chain& chain, std::size_t who) {
    const auto open = must(tasks::open_round(chain.state())).value();
    return pole::commitment_hash(
        {.round = open.round.number,
         .task = open.round.task,
         .trainer = actor(who).address,
         .model = TaskWorld::model_of(who),
         .salt = filled(7)});
}

/// Task, commitments of all three validators, reveals, settlement.
void run_round(TaskChain& world, std::string_view tag) {
    const Hash id = tasks::task_id(actor(5).address, as_bytes(tag));
    world.send(5, SubmitTask{example_spec(tag)});
    world.wait_for("tasks.opened");
    for (std::size_t who = 0; who < 3; ++who) {
        world.send(who, CommitModel{id, commitment_of(world.chain(), who)});
    }
    world.wait_for("tasks.revealing");
    for (std::size_t who = 0; who < 3; ++who) {
        world.send(who, RevealModel{id, TaskWorld::model_of(who), filled(7)});
    }
    world.send(5, RevealTestKey{id, filled(9)});
    world.wait_for("tasks.settled");
}

std::vector<Address> order_of_next_term(TaskChain& world) {
    const std::uint64_t term_blocks = world.chain().params().term_blocks;
    do {
        (void)world.block();
    } while (!consensus::ends_term(world.chain().head().height, term_blocks));
    const auto record = must(terms::load_terms(world.chain().state()));
    std::vector<Address> out;
    for (const consensus::MemberIndex member : record.ranking.order) {
        out.push_back(record.members[member].validator);
    }
    EXPECT_FALSE(record.ranking.rotates);
    return out;
}

TEST(TaskChain, the_winner_leads_the_next_term_and_loses_the_seat_to_a_better_one) {
    TaskChain world;
    const Address a = actor(0).address;
    const Address b = actor(1).address;
    const Address c = actor(2).address;
    world.correct = {{a, 70}, {b, 90}, {c, 60}};
    run_round(world, "first");
    EXPECT_EQ(order_of_next_term(world), (std::vector{b, a, c}));
    world.correct = {{a, 95}, {b, 91}, {c, 99}};
    run_round(world, "second");
    EXPECT_EQ(order_of_next_term(world), (std::vector{c, a, b}));
    EXPECT_EQ(audit(world.chain().store()), "");
}

TEST(TaskChain, the_standing_expires_without_another_round) {
    TaskChain world;
    world.correct = {{actor(0).address, 70}};
    run_round(world, "only");
    const Params& params = world.chain().params();
    for (std::uint64_t i = 0; i < (pole::kStandingTermsMax + 1) * params.term_blocks; ++i) {
        (void)world.block();
    }
    EXPECT_TRUE(must(terms::load_terms(world.chain().state())).ranking.rotates);
}

TEST(TaskChain, the_same_blocks_give_the_same_roots_and_events) {
    TaskChain first;
    TaskChain second;
    first.correct = second.correct = {{actor(1).address, 70}};
    for (TaskChain* world : {&first, &second}) {
        run_round(*world, "same");
    }
    EXPECT_EQ(first.chain().head(), second.chain().head());
    EXPECT_EQ(first.block().events, second.block().events);
}

TEST(TaskChain, a_fact_that_nobody_waits_for_is_refused) {
    TaskChain world;
    (void)world.block();
    CheckedBlock block;
    block.facts.push_back(
        {.term = {},
         .fact = {.kind = consensus::FactKind::kBlobAvailable, .subject = filled(1), .result = {}},
         .signers = {},
         .signatures = {}});
    EXPECT_TRUE(must(facts::election_objects(world.chain().state(), world.chain().params(), block))
                    .has_value());
}

}  // namespace
}  // namespace polis::ledger::testing
