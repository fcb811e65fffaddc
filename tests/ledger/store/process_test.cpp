// Real processes on a real disk: locks between processes, kills at any moment, permissions, a full
// disk. Method: the test binary starts itself again as a child (store_child.hpp).
#include <csignal>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/random.hpp>
#include <ledger/store/leveldb_store.hpp>
#include <tests/ledger/store/store_child.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

TEST(LevelDbStore, refuses_a_second_process) {
    const TempDir dir;
    const std::string place = dir.path() / "db";
    Child holder("hold", place);
    ASSERT_EQ(holder.read_line(), "open");
    const auto second = open_leveldb(place);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, StoreErrc::kLocked) << second.error().context;
    EXPECT_NE(second.error().context.find("another process has it open"), std::string::npos)
        << second.error().context;
    holder.close_input();
    EXPECT_EQ(holder.wait(), 0);
    EXPECT_TRUE(open_leveldb(place).has_value());
}

TEST(LevelDbStore, frees_the_lock_of_a_killed_process) {
    const TempDir dir;
    const std::string place = dir.path() / "db";
    Child holder("hold", place);
    ASSERT_EQ(holder.read_line(), "open");
    holder.kill();
    EXPECT_EQ(holder.wait(), -SIGKILL);
    const auto opened = open_leveldb(place);
    EXPECT_TRUE(opened.has_value()) << opened.error().context;
}

/// Permissions bind a user other than root only; the child becomes one.
TEST(LevelDbStore, names_a_directory_that_it_may_not_write) {
    const TempDir dir;
    ASSERT_EQ(::chmod(dir.path().c_str(), 0555), 0);
    const bool as_root = ::geteuid() == 0;
    for (const std::string& place : {dir.path().string(), (dir.path() / "db").string()}) {
        Child child("nobody", place);
        const auto line = child.read_line();
        ASSERT_TRUE(line.has_value());
        if (as_root && line->starts_with("skip")) {
            GTEST_SKIP() << *line;
        }
        EXPECT_TRUE(line->starts_with("input/output error")) << *line;
        EXPECT_NE(line->find("permission denied: run as"), std::string::npos) << *line;
        EXPECT_NE(line->find(place), std::string::npos) << *line;
    }
    ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
}

TEST(LevelDbStore, stops_on_a_disk_that_is_really_full) {
    const TempDir dir;
    Child child("full", dir.path());
    const auto first = child.read_line();
    ASSERT_TRUE(first.has_value());
    if (first->starts_with("skip")) {
        GTEST_SKIP() << *first;
    }
    EXPECT_TRUE(first->starts_with("no space: ")) << *first;
    EXPECT_NE(first->find("make room"), std::string::npos) << *first;
    EXPECT_TRUE(child.read_line()->starts_with("halted: "));
    EXPECT_GT(std::stoi(*child.read_line()), 20);
    EXPECT_EQ(child.wait(), 0);
}

/// The store must hold what kill_batch wrote last: the counter, its text, and the rows of the last
/// batches.
std::uint64_t expect_whole_state(const KeyValueStore& store) {
    const Rows rows = all_rows(store);
    const auto row = rows.find("counter");
    const std::uint64_t counter = row == rows.end() ? 0 : std::stoull(row->second);
    EXPECT_EQ(rows, kill_state(counter)) << "counter " << counter;
    return counter;
}

TEST(LevelDbStore, survives_kills_at_any_moment) {
    const TempDir dir;
    const std::string place = dir.path() / "db";
    Random random(30);
    std::uint64_t counter = 0;
    for (int cycle = 0; cycle < 30; ++cycle) {
        Child writer("write", place);
        std::uint64_t acknowledged = counter;
        for (std::uint64_t left = random.between(1, 60); left > 0; --left) {
            const auto line = writer.read_line();
            ASSERT_TRUE(line.has_value());
            ASSERT_EQ(*line, std::to_string(acknowledged + 1));
            ++acknowledged;
        }
        writer.kill();
        EXPECT_EQ(writer.wait(), -SIGKILL);
        while (const auto line = writer.read_line()) {
            acknowledged = std::stoull(*line);  // reported before the kill
        }
        const auto store = open_leveldb(place);
        ASSERT_TRUE(store.has_value()) << store.error().context;
        counter = expect_whole_state(**store);
        EXPECT_GE(counter, acknowledged);
        EXPECT_LE(counter, acknowledged + 1);
    }
    RecordProperty("batches", static_cast<int>(counter));
}

}  // namespace
}  // namespace polis::ledger::testing
