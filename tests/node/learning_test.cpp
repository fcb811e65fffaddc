// What a node does for learning tasks: takes part in rounds, sends its own transactions until they
// are executed, keeps keys of test sets, and works facts out beside everything else.
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <core/codec/borsh.hpp>
#include <ledger/store/blob_store.hpp>
#include <ledger/transaction.hpp>
#include <node/learning/fact_finder.hpp>
#include <node/learning/key_keeper.hpp>
#include <node/learning/own_txns.hpp>
#include <node/learning/round_player.hpp>
#include <node/runtime/clock.hpp>
#include <tests/support/ledger_world.hpp>
#include <tests/support/temp_dir.hpp>

namespace polis::node {
namespace {

using consensus::pole::Phase;
using ledger::testing::must;

constexpr TimeMs kNow{1'000'000};

Address address(std::uint8_t byte) { return Address{{byte}}; }

const Address kSelf = address(1);

/// Round 7 of a task with a window of 20 s, of which 10 are left.
ledger::tasks::OpenRound open_round(Phase phase = Phase::kTraining) {
    ledger::tasks::OpenRound out;
    out.round.number = 7;
    out.round.task = Hash{{5}};
    out.round.beacon = Hash{{6}};
    out.round.phase = phase;
    out.round.phase_until = TimeMs{kNow.value + 10'000};
    out.round.rules.training_ms = 20'000;
    out.task.spec.training = Hash{{11}};
    out.task.spec.validation = Hash{{12}};
    return out;
}

consensus::pole::Entry entry_of(const Address& trainer) {
    consensus::pole::Entry out;
    out.trainer = trainer;
    return out;
}

RoundPlayer player(std::optional<RoundWork> work = std::nullopt) {
    return {kSelf, {.model = trainer::ModelSpec{.kind = "mlp", .hidden = {8}}}, std::move(work)};
}

const RoundWork kWork{.round = 7, .task = Hash{{5}}, .model = Hash{{3}}, .salt = Hash{{4}}};

TEST(RoundPlayer, trains_what_the_task_suggests) {
    const auto trained = [](const std::string& suggestion) {
        RoundPlayer machine{kSelf, {}, std::nullopt};
        auto open = open_round();
        open.task.spec.architecture = suggestion;
        return trainer::to_text(machine.on_block(open, kNow, 1).train.value().model);
    };
    EXPECT_EQ(trained("lenet"), "lenet");
    EXPECT_EQ(trained("mlp:128,64"), "mlp:128,64");
    EXPECT_EQ(trained(""), "mlp:64");
    EXPECT_EQ(trained("mlp:"), "mlp:") << "the trainer says what is wrong with it";
}

TEST(RoundPlayer, trains_its_default_where_the_trainer_refuses_the_suggestion) {
    RoundPlayer machine{kSelf, {}, std::nullopt};
    auto open = open_round();
    open.task.spec.architecture = "transformer";
    const auto first = machine.on_block(open, kNow, 1).train.value();
    EXPECT_EQ(first.model.kind, "transformer");
    machine.refused(first.job);
    EXPECT_EQ(machine.on_block(open, kNow, 2).train.value().model, trainer::default_model());
    machine.failed(machine.job());
    open.round.number += 1;
    EXPECT_EQ(machine.on_block(open, kNow, 3).train.value().model.kind, "transformer");
}

TEST(RoundPlayer, trains_behind_its_own_map_until_shortly_before_the_end) {
    RoundPlayer machine = player();
    const auto plan = machine.on_block(open_round(), kNow, 42);
    ASSERT_TRUE(plan.train.has_value());
    EXPECT_EQ(plan.train->seed, 42U);
    EXPECT_EQ(plan.train->window_ms, 8'000U);  // a tenth of the window, 2 s, is left
    EXPECT_EQ(std::get<trainer::SentBlob>(plan.train->data).root, Hash{{11}});
    EXPECT_EQ(plan.train->mapping_seed, consensus::pole::seed_of(Hash{{6}}, Hash{{5}}, kSelf));
    EXPECT_FALSE(machine.on_block(open_round(), kNow, 43).train.has_value()) << "one job at a time";
}

TEST(RoundPlayer, commits_to_its_model_and_reveals_it) {
    RoundPlayer machine = player();
    const auto plan = machine.on_block(open_round(), kNow, 1);
    const auto work = machine.trained(plan.train->job, Hash{{3}}, Hash{{4}});
    ASSERT_EQ(work, kWork);
    const auto commit = machine.on_block(open_round(), kNow, 1).payload;
    ASSERT_TRUE(commit.has_value());
    EXPECT_EQ(
        std::get<ledger::CommitModel>(*commit).commitment,
        consensus::pole::commitment_hash(
            {.round = 7,
             .task = Hash{{5}},
             .trainer = kSelf,
             .model = Hash{{3}},
             .salt = Hash{{4}}}));

    auto open = open_round();
    open.entries.push_back(entry_of(kSelf));
    EXPECT_FALSE(machine.on_block(open, kNow, 1).payload.has_value()) << "it is on chain";

    open.round.phase = Phase::kRevealing;
    const auto reveal = machine.on_block(open, kNow, 1).payload;
    ASSERT_TRUE(reveal.has_value());
    EXPECT_EQ(
        std::get<ledger::RevealModel>(*reveal),
        (ledger::RevealModel{.task = Hash{{5}}, .model = Hash{{3}}, .salt = Hash{{4}}}));
    open.entries[0].model = Hash{{3}};
    EXPECT_FALSE(machine.on_block(open, kNow, 1).payload.has_value());
}

TEST(RoundPlayer, a_restarted_one_goes_on_with_its_work) {
    RoundPlayer machine = player(kWork);
    EXPECT_TRUE(machine.on_block(open_round(), kNow, 1).payload.has_value());
    auto open = open_round(Phase::kRevealing);
    open.entries.push_back(entry_of(kSelf));
    EXPECT_TRUE(machine.on_block(open, kNow, 1).payload.has_value());
}

TEST(RoundPlayer, work_of_an_earlier_round_is_of_no_use) {
    RoundWork old = kWork;
    old.round = 6;
    RoundPlayer machine = player(old);
    const auto plan = machine.on_block(open_round(), kNow, 1);
    EXPECT_FALSE(plan.payload.has_value());
    EXPECT_TRUE(plan.train.has_value());
}

TEST(RoundPlayer, tries_again_a_few_times_and_not_without_time) {
    RoundPlayer machine = player();
    for (int i = 0; i < 3; ++i) {
        const auto plan = machine.on_block(open_round(), kNow, 1);
        ASSERT_TRUE(plan.train.has_value()) << i;
        machine.failed(plan.train->job);
    }
    EXPECT_FALSE(machine.on_block(open_round(), kNow, 1).train.has_value());
    RoundPlayer late = player();
    EXPECT_FALSE(late.on_block(open_round(), TimeMs{kNow.value + 7'600}, 1).train.has_value());
}

TEST(RoundPlayer, stops_training_when_the_window_ends_and_ignores_late_results) {
    RoundPlayer machine = player();
    const auto plan = machine.on_block(open_round(), kNow, 1);
    EXPECT_TRUE(machine.on_block(open_round(Phase::kRevealing), kNow, 1).stop_training);
    EXPECT_FALSE(machine.trained(plan.train->job, Hash{{3}}, Hash{{4}}).has_value());
    EXPECT_FALSE(machine.on_block(std::nullopt, kNow, 1).stop_training) << "once";
}

// ---- own transactions ---------------------------------------------------------------------------

ledger::Params params() {
    ledger::Params out;
    out.gas_price_min = GasPrice{3};
    out.chain_id = ChainId{101};
    return out;
}

struct Txns {
    OwnTxns machine{crypto::SigningKey(crypto::Seed(Bytes(32, 1))), params()};
};

ledger::TxnBody body_of(const std::optional<Bytes>& encoded) {
    return codec::decode<ledger::Transaction>(encoded.value()).value().body;
}

const ledger::Payload kPayload = ledger::CancelTask{.task = Hash{{1}}};

TEST(OwnTxns, are_signed_to_be_taken) {
    Txns txns;
    const auto sent = txns.machine.on_block(kPayload, Nonce{4}, Height{10});
    const ledger::TxnBody body = body_of(sent);
    EXPECT_EQ(body.nonce, Nonce{4});
    EXPECT_EQ(body.payload, kPayload);
    const auto checked = ledger::check(
        *sent,
        {.chain_id = ChainId{101},
         .block_gas_max = Gas{1'000'000'000},
         .gas_price_min = GasPrice{3}});
    ASSERT_TRUE(checked.has_value()) << ledger::to_string(checked.error());
    EXPECT_EQ(checked->intrinsic_gas, body.gas_limit);
    EXPECT_TRUE(ledger::signature_valid(checked->txn));
}

TEST(OwnTxns, are_sent_again_only_when_they_are_lost_or_failed) {
    Txns txns;
    ASSERT_TRUE(txns.machine.on_block(kPayload, Nonce{4}, Height{10}));
    EXPECT_FALSE(txns.machine.on_block(kPayload, Nonce{4}, Height{11}));
    const auto again =
        txns.machine.on_block(kPayload, Nonce{4}, Height{10 + OwnTxns::kValidBlocks});
    EXPECT_EQ(body_of(again).nonce, Nonce{4}) << "lost: the same place, valid for longer";
    const auto failed = txns.machine.on_block(kPayload, Nonce{5}, Height{60});
    EXPECT_EQ(body_of(failed).nonce, Nonce{5}) << "executed, and still wanted";
    EXPECT_FALSE(txns.machine.on_block(kPayload, Nonce{6}, Height{61})) << "it will not work";
    EXPECT_FALSE(txns.machine.on_block(std::nullopt, Nonce{6}, Height{62}));
    EXPECT_TRUE(txns.machine.on_block(kPayload, Nonce{6}, Height{63})) << "wanted anew";
}

// ---- keys ---------------------------------------------------------------------------------------

TEST(KeyKeeper, reveals_when_the_round_asks_and_survives_a_restart) {
    const polis::testing::TempDir dir;
    const Hash key{{9}};
    {
        auto keeper = KeyKeeper::open(dir.path() / "keys");
        ASSERT_TRUE(keeper) << keeper.error();
        ASSERT_TRUE(keeper->keep(Hash{{5}}, Hash{{8}}));
        ASSERT_TRUE(keeper->keep(Hash{{5}}, key)) << "another takes its place";
    }
    const auto keeper = KeyKeeper::open(dir.path() / "keys");
    ASSERT_TRUE(keeper) << keeper.error();
    EXPECT_FALSE(keeper->on_block(std::nullopt));
    EXPECT_FALSE(keeper->on_block(open_round())) << "not while others train";
    auto open = open_round(Phase::kRevealing);
    const auto payload = keeper->on_block(open);
    ASSERT_TRUE(payload.has_value());
    EXPECT_EQ(std::get<ledger::RevealTestKey>(*payload).key, key);
    open.round.test_key = key;
    EXPECT_FALSE(keeper->on_block(open));
    open.round.test_key.reset();
    open.round.task = Hash{{77}};
    EXPECT_FALSE(keeper->on_block(open)) << "another's task";
}

// ---- facts --------------------------------------------------------------------------------------

/// A finder over a real store; collects what it finds.
class Finder {
  public:
    Finder()
        : log_(*Log::open({.level = LogLevel::kError, .file = {}, .clock = &clock_})),
          store_(must(ledger::BlobStore::open({.folder = dir_.path().string()}))),
          finder_({.blobs = store_.get(), .log = log_.get(), .found = [this](consensus::Fact fact) {
                       const std::lock_guard lock(mutex_);
                       facts_.push_back(std::move(fact));
                       changed_.notify_all();
                   }}) {
        finder_.start();
    }

    std::vector<consensus::Fact> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return facts_.size() >= count; });
        return facts_;
    }

    ledger::BlobStore& store() { return *store_; }

    FactFinder& operator*() { return finder_; }

  private:
    polis::testing::TempDir dir_;
    Clock clock_;
    std::unique_ptr<Log> log_;
    std::unique_ptr<ledger::BlobStore> store_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<consensus::Fact> facts_;
    FactFinder finder_;
};

TEST(FactFinder, attests_a_blob_once_it_is_here_and_not_too_large) {
    Finder finder;
    const Hash large = must(finder.store().put(Bytes(100, 1)));
    const Bytes late(50, 2);
    ledger::tasks::Wanted wanted;
    wanted.blobs = {{.root = large, .bytes_max = 99}};
    BlobHasher hasher;
    hasher.update(late);
    const Hash small = root_of(hasher.finish());
    wanted.blobs.push_back({.root = small, .bytes_max = 50});
    (*finder).wants(wanted);
    must(finder.store().put(late));
    const auto facts = finder.wait_for(1);
    ASSERT_EQ(facts.size(), 1U);
    EXPECT_EQ(facts[0].kind, consensus::FactKind::kBlobAvailable);
    EXPECT_EQ(facts[0].subject, small);
}

TEST(FactFinder, scores_a_model_that_is_none_with_the_result_that_all_agree_on) {
    Finder finder;
    ledger::tasks::ScoreWanted score;
    score.subject = Hash{{1}};
    score.model = must(finder.store().put(Bytes(10, 1)));
    score.data = must(finder.store().put(Bytes(10, 2)));
    ledger::tasks::Wanted wanted;
    wanted.scores = {score};
    (*finder).wants(wanted);
    const auto facts = finder.wait_for(1);
    EXPECT_EQ(facts[0], ledger::tasks::score_fact(score, consensus::pole::bad_data()));
    EXPECT_EQ((*finder).counters().models_scored.load(), 1U);
}

TEST(FactFinder, works_out_again_what_is_wanted_again) {
    Finder finder;
    const Hash root = must(finder.store().put(Bytes(10, 1)));
    ledger::tasks::Wanted wanted;
    wanted.blobs = {{.root = root, .bytes_max = 50}};
    (*finder).wants(wanted);
    ASSERT_EQ(finder.wait_for(1).size(), 1U);
    (*finder).wants({});
    (*finder).wants(wanted);
    EXPECT_EQ(finder.wait_for(2).size(), 2U);
}

}  // namespace
}  // namespace polis::node
