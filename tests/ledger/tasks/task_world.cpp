#include <tests/ledger/tasks/task_world.hpp>

#include <algorithm>
#include <utility>

#include <consensus/pole/pole.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <ledger/modules/election_records.hpp>
#include <ledger/modules/facts.hpp>

namespace polis::ledger::testing {

namespace pole = consensus::pole;

namespace {

Params pole_params() {
    Params out = world_params();
    out.election = ElectionKind::kPole;
    return out;
}

}  // namespace

Hash filled(std::uint8_t byte) { return Hash::from_view(Bytes(Hash::kSize, byte)); }

TaskSpec example_spec(std::string_view tag) {
    TaskSpec out;
    out.name = "digits";
    out.tag = to_bytes(as_bytes(tag));
    out.training = filled(1);
    out.test = filled(2);
    out.test_key_hash = pole::test_key_hash(filled(9));
    out.validation = filled(3);
    out.input = {.channels = 1, .height = 8, .width = 8};
    out.classes = 10;
    out.model_bytes_max = 100'000;
    out.multiply_adds_max = 1'000'000;
    out.target_ppm = 500'000;
    out.reward = Amount{10'000};
    out.bond = Amount{1'001};
    out.trainer_bond = Amount{500};
    out.training_ms = 1'500;
    out.reveal_ms = 1'500;
    out.scoring_ms = 1'500;
    out.runner_up_bps = 2'000;
    return out;
}

TaskWorld::TaskWorld(std::size_t trainers) : world(pole_params()) {
    for (std::size_t i = 0; i < trainers; ++i) {
        world.add_validator(i, 10'000);
        world.mint(actor(i).address, kCoins);
    }
    world.mint(actor(kOwner).address, kCoins);
    world.height = Height{1};
    world.time = TimeMs{1'000'000};
}

TxnStatus TaskWorld::submit(const TaskSpec& spec, std::size_t owner) {
    return world.apply(actor(owner).address, SubmitTask{spec});
}

TxnStatus TaskWorld::commit(std::size_t who, const Hash& commitment) {
    const auto round = open();
    return world.apply(
        actor(who).address, CommitModel{round ? round->round.task : Hash{}, commitment});
}

TxnStatus TaskWorld::commit(std::size_t who) { return commit(who, commitment(who, model_of(who))); }

TxnStatus TaskWorld::reveal(std::size_t who, const Hash& model) {
    const auto round = open();
    return world.apply(
        actor(who).address, RevealModel{round ? round->round.task : Hash{}, model, filled(7)});
}

TxnStatus TaskWorld::reveal_key(const Hash& key, std::size_t owner) {
    const auto round = open();
    return world.apply(
        actor(owner).address, RevealTestKey{round ? round->round.task : Hash{}, key});
}

TxnStatus TaskWorld::cancel(const Hash& id, std::size_t owner) {
    return world.apply(actor(owner).address, CancelTask{id});
}

Hash TaskWorld::commitment(std::size_t who, const Hash& model) {
    const auto round = open();
    return pole::commitment_hash(
        {.round = round ? round->round.number : 0,
         .task = round ? round->round.task : Hash{},
         .trainer = actor(who).address,
         .model = model,
         .salt = filled(7)});
}

bool TaskWorld::add_fact(const consensus::Fact& fact) {
    ElectionJournal records(world.state, ElectionKind::kPole);
    const std::vector<consensus::Fact> one{fact};
    if (pole::Pole{}.check(one, records)) {
        return false;
    }
    facts_.push_back(fact);
    return true;
}

bool TaskWorld::attest(const Hash& root) {
    return add_fact({.kind = consensus::FactKind::kBlobAvailable, .subject = root, .result = {}});
}

void TaskWorld::attest_all() {
    for (const tasks::BlobWanted& blob : must(tasks::wanted(world.state)).blobs) {
        EXPECT_TRUE(attest(blob.root));
    }
}

void TaskWorld::score_all(const std::vector<std::uint64_t>& correct) {
    for (const tasks::ScoreWanted& item : must(tasks::wanted(world.state)).scores) {
        for (std::size_t who = 0; who < correct.size(); ++who) {
            if (actor(who).address == item.trainer) {
                EXPECT_TRUE(add_fact(tasks::score_fact(
                    item,
                    {.verdict = pole::Verdict::kScored,
                     .correct = correct[who],
                     .cross_entropy = 7,
                     .count = 100})));
            }
        }
    }
}

void TaskWorld::end_block() {
    std::vector<consensus::CertifiedFact> certified;
    for (consensus::Fact& fact : facts_) {
        certified.push_back({.term = {}, .fact = std::move(fact), .signers = {}, .signatures = {}});
    }
    facts_.clear();
    const auto fresh = must(facts::record_facts(world.state, certified, world.height));
    const consensus::BlockView block{
        .height = world.height,
        .term = consensus::term_of(world.height, world.params.term_blocks),
        .view = {},
        .proposer = actor(0).address,
        .beacon = crypto::blake2b_256(crypto::kDomainBeacon, codec::encode(world.height)),
        .time = world.time,
        .facts = fresh};
    ElectionJournal records(world.state, ElectionKind::kPole);
    pole::Pole{}.apply(block, records);
    must(records.finish());
    block_events.clear();
    world.events.clear();
    must(tasks::end_block(world.state, world.params, block, block_events));
    ++world.height.value;
    world.time.value += kBlockMs;
}

void TaskWorld::end_blocks(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        end_block();
    }
}

bool TaskWorld::wait_for(std::string_view event) {
    for (int i = 0; i < 200; ++i) {
        end_block();
        if (std::ranges::find(block_events, event, &Event::name) != block_events.end()) {
            return true;
        }
    }
    return false;
}

Hash TaskWorld::open_round() {
    EXPECT_EQ(submit(example_spec()), TxnStatus::kSuccess);
    attest_all();
    EXPECT_TRUE(wait_for("tasks.opened"));
    return event<tasks::Opened>("tasks.opened").task;
}

void TaskWorld::run_to_scoring(std::size_t count, bool with_key) {
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(commit(i), TxnStatus::kSuccess);
    }
    EXPECT_TRUE(wait_for("tasks.revealing"));
    for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(reveal(i), TxnStatus::kSuccess);
    }
    if (with_key) {
        EXPECT_EQ(reveal_key(), TxnStatus::kSuccess);
    }
    attest_all();
    EXPECT_TRUE(wait_for("tasks.scoring"));
}

tasks::Task TaskWorld::task(const Hash& id) {
    return must(tasks::load_task(world.state, id)).value();
}

std::optional<tasks::OpenRound> TaskWorld::open() { return must(tasks::open_round(world.state)); }

std::uint64_t TaskWorld::balance(std::size_t who) { return world.balance(actor(who).address); }

tasks::RoundResult TaskWorld::result(std::uint64_t round) {
    return must(tasks::load_result(world.state, round)).value();
}

void TaskWorld::check() {
    world.check();
    const std::size_t count = must(tasks::task_count(world.state));
    for (const tasks::NamedTask& item : must(tasks::list_tasks(world.state, 0, count))) {
        const bool live = item.task.state == tasks::TaskState::kWaiting ||
                          item.task.state == tasks::TaskState::kOpen;
        EXPECT_EQ(item.task.escrow != Amount{}, live) << to_string(item.task.state);
    }
}

}  // namespace polis::ledger::testing
