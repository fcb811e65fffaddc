// Tasks before a round opens: escrow, tags, the list of waiting ones, cancelling, expiry, pages.
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ml/exact/limits.hpp>
#include <tests/ledger/tasks/task_world.hpp>

namespace polis::ledger::testing {
namespace {

using tasks::TaskState;

Hash id_of(std::string_view tag, std::size_t owner = TaskWorld::kOwner) {
    return tasks::task_id(actor(owner).address, as_bytes(tag));
}

std::vector<Hash> ids_of(const std::vector<tasks::NamedTask>& list) {
    std::vector<Hash> out;
    for (const tasks::NamedTask& item : list) {
        out.push_back(item.id);
    }
    return out;
}

TEST(TaskSpec, names_the_rule_that_a_task_breaks) {
    using Error = TaskSpecError;

    struct Case {
        Error error;
        std::function<void(TaskSpec&)> edit;
    };

    const std::vector<Case> cases{
        {Error::kNoName, [](TaskSpec& spec) { spec.name.clear(); }},
        {Error::kNoTag, [](TaskSpec& spec) { spec.tag.clear(); }},
        {Error::kBadInput, [](TaskSpec& spec) { spec.input.height = 0; }},
        {Error::kBadInput, [](TaskSpec& spec) { spec.input.width = exact::kSideMax + 1; }},
        {Error::kBadInput, [](TaskSpec& spec) { spec.input = {1'025, 64, 1}; }},
        {Error::kBadClasses, [](TaskSpec& spec) { spec.classes = 1; }},
        {Error::kBadClasses, [](TaskSpec& spec) { spec.classes = exact::kClassesMax + 1; }},
        {Error::kBadModelBytes, [](TaskSpec& spec) { spec.model_bytes_max = 0; }},
        {Error::kBadModelBytes,
         [](TaskSpec& spec) { spec.model_bytes_max = exact::kModelBytesMax + 1; }},
        {Error::kBadMultiplyAdds, [](TaskSpec& spec) { spec.multiply_adds_max = 0; }},
        {Error::kBadMultiplyAdds,
         [](TaskSpec& spec) { spec.multiply_adds_max = exact::kMultiplyAddsMax + 1; }},
        {Error::kImpossibleTarget, [](TaskSpec& spec) { spec.target_ppm = 1'000'001; }},
        {Error::kReplayReserved, [](TaskSpec& spec) { spec.mode = VerificationMode::kReplay; }},
        {Error::kNoReward, [](TaskSpec& spec) { spec.reward = {}; }},
        {Error::kNoBond, [](TaskSpec& spec) { spec.bond = {}; }},
        {Error::kNoTrainerBond, [](TaskSpec& spec) { spec.trainer_bond = {}; }},
        {Error::kAmountsOverflow, [](TaskSpec& spec) { spec.bond = Amount{UINT64_MAX}; }},
        {Error::kBadWindow, [](TaskSpec& spec) { spec.training_ms = kTaskWindowMsMin - 1; }},
        {Error::kBadWindow, [](TaskSpec& spec) { spec.reveal_ms = kTaskWindowMsMax + 1; }},
        {Error::kBadWindow, [](TaskSpec& spec) { spec.scoring_ms = 0; }},
        {Error::kBadRunnerUpShare, [](TaskSpec& spec) { spec.runner_up_bps = 10'001; }}};
    std::set<Error> seen;
    std::set<std::string_view> texts;
    for (const Case& item : cases) {
        TaskSpec spec = example_spec();
        EXPECT_EQ(spec_error(spec), std::nullopt);
        item.edit(spec);
        EXPECT_EQ(spec_error(spec), item.error) << to_string(item.error);
        seen.insert(item.error);
        texts.insert(to_string(item.error));
    }
    EXPECT_EQ(seen.size(), 14U) << "every rule has a case";
    EXPECT_EQ(texts.size(), seen.size());
}

TEST(TaskSpec, a_bad_task_is_no_transaction) {
    TaskSpec spec = example_spec();
    spec.mode = VerificationMode::kReplay;
    const Transaction txn = signed_txn(actor(0), SubmitTask{spec});
    const auto checked = check(txn, world_rules());
    ASSERT_FALSE(checked.has_value());
    EXPECT_EQ(checked.error(), TxnError::kBadTask);
    EXPECT_TRUE(check(signed_txn(actor(0), SubmitTask{example_spec()}), world_rules()));
}

TEST(Tasks, put_reward_and_bond_in_escrow) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), TaskWorld::kCoins - 11'001);
    const tasks::Task task = world.task(id_of("a"));
    EXPECT_EQ(task.escrow, Amount{11'001});
    EXPECT_EQ(task.owner, actor(TaskWorld::kOwner).address);
    EXPECT_EQ(task.state, TaskState::kWaiting);
    EXPECT_FALSE(task.available.has_value());
    EXPECT_EQ(world.event<tasks::Submitted>("tasks.submitted").reward, Amount{10'000});
    world.check();
}

TEST(Tasks, of_one_owner_and_tag_exist_once) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    TaskSpec again = example_spec();
    again.name = "another name";
    EXPECT_EQ(world.submit(again), TxnStatus::kTaskExists);
    EXPECT_EQ(world.task(id_of("a")).spec.name, "digits") << "the id names the existing task";
    EXPECT_EQ(world.submit(example_spec("b")), TxnStatus::kSuccess);
    EXPECT_EQ(world.submit(example_spec(), 0), TxnStatus::kSuccess) << "another owner";
    EXPECT_EQ(world.cancel(id_of("a")), TxnStatus::kSuccess);
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kTaskExists) << "it is remembered";
    world.check();
}

TEST(Tasks, need_the_coins) {
    TaskWorld world;
    TaskSpec spec = example_spec();
    spec.reward = Amount{TaskWorld::kCoins};
    EXPECT_EQ(world.submit(spec), TxnStatus::kInsufficientBalance);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), TaskWorld::kCoins);
    world.check();
}

TEST(Tasks, exist_only_on_chains_whose_election_learns) {
    TaskWorld world;
    world.world.params.election = ElectionKind::kDpos;
    const Address& sender = actor(0).address;
    EXPECT_EQ(world.world.apply(sender, SubmitTask{example_spec()}), TxnStatus::kNoTasks);
    EXPECT_EQ(world.world.apply(sender, CommitModel{}), TxnStatus::kNoTasks);
    EXPECT_EQ(world.world.apply(sender, RevealModel{}), TxnStatus::kNoTasks);
    EXPECT_EQ(world.world.apply(sender, RevealTestKey{}), TxnStatus::kNoTasks);
    EXPECT_EQ(world.world.apply(sender, CancelTask{}), TxnStatus::kNoTasks);
    const consensus::BlockView block{};
    std::vector<Event> events;
    must(tasks::end_block(world.world.state, world.world.params, block, events));
    EXPECT_TRUE(events.empty());
}

TEST(Tasks, can_be_cancelled_by_their_owner_while_they_wait) {
    TaskWorld world;
    EXPECT_EQ(world.cancel(id_of("a")), TxnStatus::kUnknownTask);
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    EXPECT_EQ(world.cancel(id_of("a"), 0), TxnStatus::kNotTaskOwner);
    EXPECT_EQ(world.cancel(id_of("a")), TxnStatus::kSuccess);
    EXPECT_EQ(world.event<tasks::Dropped>("tasks.cancelled").refunded, Amount{11'001});
    EXPECT_EQ(world.balance(TaskWorld::kOwner), TaskWorld::kCoins);
    EXPECT_EQ(world.task(id_of("a")).state, TaskState::kCancelled);
    EXPECT_EQ(world.cancel(id_of("a")), TxnStatus::kTaskNotWaiting);
    EXPECT_TRUE(must(tasks::wanted(world.world.state)).blobs.empty()) << "nobody waits for blobs";
    world.check();
}

TEST(Tasks, cannot_be_cancelled_once_a_round_is_open) {
    TaskWorld world;
    const Hash id = world.open_round();
    EXPECT_EQ(world.cancel(id), TxnStatus::kTaskNotWaiting);
    world.check();
}

TEST(Tasks, open_only_when_all_their_blobs_are_attested_for_some_blocks) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    world.end_blocks(20);
    EXPECT_FALSE(world.open().has_value());
    EXPECT_TRUE(world.attest(filled(1)));
    EXPECT_TRUE(world.attest(filled(2)));
    world.end_block();
    EXPECT_FALSE(world.attest(filled(1))) << "known for ever";
    EXPECT_FALSE(world.attest(filled(77))) << "nobody asked";
    EXPECT_TRUE(world.attest(filled(3)));
    world.end_block();
    EXPECT_EQ(world.event<tasks::Available>("tasks.available").task, id_of("a"));
    for (std::uint64_t i = 0; i < kTaskOpenBlocksMin; ++i) {
        EXPECT_FALSE(world.open().has_value());
        world.end_block();
    }
    ASSERT_TRUE(world.open().has_value());
    EXPECT_EQ(world.open()->round.task, id_of("a"));
    EXPECT_EQ(world.task(id_of("a")).state, TaskState::kOpen);
    world.check();
}

TEST(Tasks, with_blobs_that_are_attested_already_are_available_at_once) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    world.attest_all();
    world.end_block();
    EXPECT_EQ(world.submit(example_spec("b")), TxnStatus::kSuccess);
    EXPECT_EQ(world.task(id_of("b")).available, world.world.height);
    EXPECT_EQ(world.event<tasks::Available>("tasks.available").task, id_of("b"));
}

TEST(Tasks, that_never_open_expire) {
    TaskWorld world;
    EXPECT_EQ(world.submit(example_spec()), TxnStatus::kSuccess);
    world.end_block();
    world.world.time.value += kTaskWaitMsMax - 2 * TaskWorld::kBlockMs;
    world.end_block();
    EXPECT_EQ(world.task(id_of("a")).state, TaskState::kWaiting);
    world.end_block();
    EXPECT_EQ(world.task(id_of("a")).state, TaskState::kExpired);
    EXPECT_EQ(world.event<tasks::Dropped>("tasks.expired").refunded, Amount{11'001});
    EXPECT_EQ(world.balance(TaskWorld::kOwner), TaskWorld::kCoins);
    world.check();
}

TEST(Tasks, a_full_list_takes_better_paid_tasks_only) {
    TaskWorld world;
    TaskSpec spec = example_spec();
    for (std::size_t i = 0; i < kTasksWaitingMax; ++i) {
        spec.tag = to_bytes(as_bytes(std::to_string(i)));
        spec.reward = Amount{100 + i};
        ASSERT_EQ(world.submit(spec), TxnStatus::kSuccess);
    }
    spec.tag = to_bytes(as_bytes("x"));
    spec.reward = Amount{100};
    const std::uint64_t before = world.balance(TaskWorld::kOwner);
    EXPECT_EQ(world.submit(spec), TxnStatus::kTasksFull);
    EXPECT_EQ(world.balance(TaskWorld::kOwner), before);
    spec.reward = Amount{101};
    EXPECT_EQ(world.submit(spec), TxnStatus::kSuccess);
    EXPECT_EQ(world.event<tasks::Dropped>("tasks.displaced").task, id_of("0"));
    EXPECT_EQ(world.task(id_of("0")).state, TaskState::kDisplaced);
    EXPECT_EQ(must(tasks::waiting(world.world.state)).size(), kTasksWaitingMax);
    world.check();
}

TEST(Tasks, are_chosen_by_the_beacon_in_proportion_to_their_rewards) {
    std::size_t well_paid = 0;
    constexpr std::size_t kRounds = 60;
    for (std::size_t i = 0; i < kRounds; ++i) {
        TaskWorld world;
        world.world.height = Height{1 + 50 * i};
        TaskSpec small = example_spec("small");
        small.reward = Amount{1'000};
        TaskSpec large = example_spec("large");
        large.reward = Amount{3'000};
        EXPECT_EQ(world.submit(small), TxnStatus::kSuccess);
        EXPECT_EQ(world.submit(large), TxnStatus::kSuccess);
        world.attest_all();
        EXPECT_TRUE(world.wait_for("tasks.opened"));
        well_paid += world.open()->round.task == id_of("large") ? 1U : 0U;
    }
    EXPECT_GT(well_paid, kRounds / 2);
    EXPECT_LT(well_paid, kRounds - 4);
}

TEST(Tasks, are_listed_in_pages) {
    TaskWorld world;
    const Hash open = world.open_round();
    for (const char* tag : {"b", "c", "d"}) {
        EXPECT_EQ(world.submit(example_spec(tag)), TxnStatus::kSuccess);
    }
    EXPECT_EQ(world.cancel(id_of("b")), TxnStatus::kSuccess);
    EXPECT_EQ(world.cancel(id_of("c")), TxnStatus::kSuccess);
    const std::vector<Hash> expected{open, id_of("d"), id_of("c"), id_of("b")};
    EXPECT_EQ(must(tasks::task_count(world.world.state)), 4U);
    EXPECT_EQ(ids_of(must(tasks::list_tasks(world.world.state, 0, 10))), expected);
    for (std::size_t first = 0; first < 5; ++first) {
        const auto page = ids_of(must(tasks::list_tasks(world.world.state, first, 2)));
        const std::size_t end = std::min<std::size_t>(first + 2, expected.size());
        const std::size_t begin = std::min(first, end);
        EXPECT_EQ(
            page,
            std::vector<Hash>(
                expected.begin() + static_cast<std::ptrdiff_t>(begin),
                expected.begin() + static_cast<std::ptrdiff_t>(end)));
    }
}

TEST(Tasks, closed_long_ago_are_forgotten) {
    TaskWorld world;
    TaskSpec spec = example_spec();
    for (std::size_t i = 0; i <= kTasksClosedMax; ++i) {
        spec.tag = to_bytes(as_bytes(std::to_string(i)));
        ASSERT_EQ(world.submit(spec), TxnStatus::kSuccess);
        ASSERT_EQ(world.cancel(id_of(std::to_string(i))), TxnStatus::kSuccess);
    }
    EXPECT_FALSE(must(tasks::load_task(world.world.state, id_of("0"))).has_value());
    EXPECT_TRUE(must(tasks::load_task(world.world.state, id_of("1"))).has_value());
    EXPECT_EQ(must(tasks::task_count(world.world.state)), kTasksClosedMax);
    EXPECT_FALSE(must(tasks::on_shelf(world.world.state, tasks::Shelf::kDropped, 0)).has_value());
    spec.tag = to_bytes(as_bytes("0"));
    EXPECT_EQ(world.submit(spec), TxnStatus::kSuccess) << "the tag is free again";
    world.check();
}

}  // namespace
}  // namespace polis::ledger::testing
