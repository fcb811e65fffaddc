// Random histories of tasks: coins always add up, nothing stays in escrow, no round gets stuck, and
// the same history gives the same state. Method: everybody does anything at any time.
#include <core/random.hpp>

#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include <ledger/modules/election_records.hpp>
#include <tests/ledger/tasks/task_world.hpp>

namespace polis::ledger::testing {
namespace {

namespace pole = consensus::pole;

constexpr std::size_t kPeople = 6;
constexpr std::size_t kTrainers = 5;  ///< one of the people is no validator

class History {
  public:
    explicit History(std::uint64_t seed) : random_(seed, "tasks"), world_(kTrainers) {
        world_.world.mint(actor(kPeople - 1).address, TaskWorld::kCoins);
    }

    void run(std::size_t blocks) {
        for (std::size_t i = 0; i < blocks; ++i) {
            for (std::uint64_t n = random_.below(6); n > 0; --n) {
                act();
            }
            bring_facts();
            world_.world.time.value += random_.chance(1, 40) ? 60'000 : random_.below(300);
            end_block();
            world_.check();
        }
    }

    /// Nobody does anything any more.
    void run_dry() {
        for (int i = 0; i < 400; ++i) {
            end_block();
        }
        world_.world.time.value += kTaskWaitMsMax;
        for (int i = 0; i < 100; ++i) {
            end_block();
        }
        world_.check();
    }

    [[nodiscard]] TaskWorld& world() { return world_; }

    [[nodiscard]] std::map<Bytes, Bytes> records() {
        MapView now = world_.world.base;
        now.apply(world_.world.state.changes());
        return now.records();
    }

    [[nodiscard]] const std::map<std::string, std::size_t>& seen() const { return seen_; }

    [[nodiscard]] const std::map<tasks::EntryEnd, std::size_t>& ends() const { return ends_; }

  private:
    void end_block() {
        for (const Event& event : world_.world.events) {
            ++seen_[event.name];
        }
        world_.end_block();
        for (const Event& event : world_.block_events) {
            ++seen_[event.name];
            if (event.name == "tasks.settled") {
                const auto settled = codec::decode<tasks::Settled>(event.data).value();
                for (const auto& entry : world_.result(settled.round).entries) {
                    ++ends_[entry.end];
                }
            }
        }
    }

    /// Another model in every round, so that members have to attest it again.
    Hash model_of(std::size_t who) {
        const auto open = world_.open();
        return open ? pole::seed_of(open->round.beacon, open->round.task, actor(who).address)
                    : Hash{};
    }

    TaskSpec random_spec() {
        TaskSpec out = example_spec(std::to_string(random_.below(40)));
        out.training = filled(static_cast<std::uint8_t>(random_.between(1, 4)));
        out.reward = Amount{random_.between(1, 3'000)};
        out.bond = Amount{random_.between(1, 500)};
        out.trainer_bond = Amount{random_.between(1, 300)};
        out.target_ppm = static_cast<std::uint32_t>(random_.below(1'000'001));
        out.runner_up_bps = static_cast<std::uint16_t>(random_.below(10'001));
        out.training_ms = random_.between(kTaskWindowMsMin, 3'000);
        out.reveal_ms = random_.between(kTaskWindowMsMin, 3'000);
        out.scoring_ms = random_.between(kTaskWindowMsMin, 3'000);
        return out;
    }

    void act() {
        const std::size_t who = random_.below(kPeople);
        switch (random_.below(8)) {
            case 0:
                (void)world_.submit(random_spec(), who);
                break;
            case 1:
            case 2:
                (void)world_.commit(who, world_.commitment(who, model_of(who)));
                break;
            case 3:
                (void)world_.commit(who, filled(99));
                break;
            case 4:
            case 5:
                (void)world_.reveal(who, model_of(who));
                break;
            case 6: {
                const auto open = world_.open();
                const Hash key = random_.chance(1, 6) ? filled(8) : filled(9);
                for (std::size_t owner = 0; open && owner < kPeople; ++owner) {
                    if (random_.chance(1, 2) && actor(owner).address == open->task.owner) {
                        (void)world_.reveal_key(key, owner);
                    }
                }
                break;
            }
            default: {
                const auto ids = must(tasks::waiting(world_.world.state));
                if (!ids.empty() && random_.chance(1, 4)) {
                    (void)world_.cancel(ids[random_.below(ids.size())], who);
                }
            }
        }
    }

    pole::ScoreResult random_result() {
        if (random_.chance(1, 8)) {
            return pole::bad_model();
        }
        if (random_.chance(1, 10)) {
            return pole::bad_data();
        }
        return {
            .verdict = pole::Verdict::kScored,
            .correct = random_.below(101),
            .cross_entropy = random_.below(3),
            .count = 100};
    }

    void bring_facts() {
        const tasks::Wanted wanted = must(tasks::wanted(world_.world.state));
        for (const tasks::BlobWanted& blob : wanted.blobs) {
            if (random_.chance(1, 3)) {
                EXPECT_TRUE(world_.attest(blob.root)) << "what is wanted is admitted";
            }
        }
        for (const tasks::ScoreWanted& score : wanted.scores) {
            if (random_.chance(1, 3)) {
                EXPECT_TRUE(world_.add_fact(tasks::score_fact(score, random_result())));
            }
        }
    }

    Random random_;
    TaskWorld world_;
    std::map<std::string, std::size_t> seen_;
    std::map<tasks::EntryEnd, std::size_t> ends_;
};

TEST(TaskHistories, keep_every_coin_and_never_get_stuck) {
    std::map<std::string, std::size_t> seen;
    std::map<tasks::EntryEnd, std::size_t> ends;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        SCOPED_TRACE(seed);
        History history(seed);
        history.run(600);
        history.run_dry();
        EXPECT_FALSE(history.world().open().has_value()) << "a round is stuck";
        EXPECT_TRUE(must(tasks::waiting(history.world().world.state)).empty());
        for (const auto& [name, count] : history.seen()) {
            seen[name] += count;
        }
        for (const auto& [end, count] : history.ends()) {
            ends[end] += count;
        }
    }
    for (const char* name :
         {"tasks.submitted",
          "tasks.available",
          "tasks.opened",
          "tasks.committed",
          "tasks.revealing",
          "tasks.revealed",
          "tasks.key_revealed",
          "tasks.scoring",
          "tasks.scored",
          "tasks.settled",
          "tasks.paid",
          "tasks.slashed",
          "tasks.cancelled",
          "tasks.expired"}) {
        EXPECT_GT(seen[name], 0U) << name << " never happened: the test is too weak";
    }
    for (std::uint8_t i = 0; i <= static_cast<std::uint8_t>(tasks::EntryEnd::kSilent); ++i) {
        const auto end = static_cast<tasks::EntryEnd>(i);
        EXPECT_GT(ends[end], 0U) << to_string(end) << " never happened: the test is too weak";
    }
}

TEST(TaskHistories, leave_no_facts_wanted_when_nothing_is_going_on) {
    History history(77);
    history.run(400);
    history.run_dry();
    std::size_t election_records = 0;
    for (const auto& [key, value] : history.records()) {
        election_records += static_cast<RecordKind>(key[0]) == RecordKind::kElection ? 1U : 0U;
    }
    EXPECT_LE(election_records, 2U) << "the count of rounds and a standing";
}

TEST(TaskHistories, are_the_same_every_time) {
    History first(5);
    History second(5);
    History other(6);
    first.run(300);
    second.run(300);
    other.run(300);
    EXPECT_EQ(first.records(), second.records());
    EXPECT_NE(first.records(), other.records());
}

}  // namespace
}  // namespace polis::ledger::testing
