// What is particular to LevelDB: who may open a directory, and what an error says.
// Method: real directories for locks and places, the file system in memory for damage and faults.
#include <ledger/store/leveldb_store.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <leveldb/comparator.h>
#include <leveldb/db.h>

#include <ledger/store/fault_env.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

namespace fs = std::filesystem;

/// The error of an opening that must fail, with all parts in its context.
StoreErrc error_of(
    const StoreResult<std::unique_ptr<KeyValueStore>>& opened,
    const std::vector<std::string>& parts) {
    if (opened) {
        ADD_FAILURE() << "opened";
        return StoreErrc::kHalted;
    }
    for (const std::string& part : parts) {
        EXPECT_NE(opened.error().context.find(part), std::string::npos)
            << "no '" << part << "' in: " << opened.error().context;
    }
    return opened.error().code;
}

TEST(LevelDbStore, refuses_two_opens_in_one_process) {
    const TempDir dir;
    const fs::path place = dir.path() / "db";
    auto first = open_leveldb(place);
    ASSERT_TRUE(first.has_value()) << first.error().context;
    EXPECT_EQ(
        error_of(open_leveldb(place), {place.string(), "this process has it open"}),
        StoreErrc::kLocked);
    first->reset();
    EXPECT_TRUE(open_leveldb(place).has_value());
}

/// Who measures syncs sees those of synced writes; buffered ones wait for none. What was written
/// is there as without it.
TEST(LevelDbStore, calls_who_measures_around_each_sync) {
    const TempDir dir;
    std::atomic<int> begun{0};
    std::atomic<int> done{0};
    LevelDbOptions options;
    options.around_sync = [&begun, &done](const std::function<void()>& sync) {
        begun.fetch_add(1);
        sync();
        done.fetch_add(1);
    };
    {
        const auto store = open_leveldb(dir.path() / "db", options);
        ASSERT_TRUE(store.has_value()) << store.error().context;
        const auto write = [&store](std::string_view key, Durability durability) {
            WriteBatch batch;
            batch.put(as_bytes(key), as_bytes("value"));
            EXPECT_TRUE((*store)->write(batch, durability).has_value());
        };
        const int opened = done.load();
        write("a", Durability::kBuffered);
        EXPECT_EQ(done.load(), opened);
        write("b", Durability::kSynced);
        write("c", Durability::kSynced);
        EXPECT_EQ(done.load(), opened + 2);
        EXPECT_EQ(begun.load(), done.load());
    }
    const auto again = open_leveldb(dir.path() / "db");
    ASSERT_TRUE(again.has_value());
    for (const char* key : {"a", "b", "c"}) {
        EXPECT_TRUE((*again)->get(as_bytes(key)).value().has_value()) << key;
    }
}

/// LevelDB compares spellings, and a second fcntl lock within one process always succeeds.
TEST(LevelDbStore, refuses_a_second_open_under_another_spelling) {
    const TempDir dir;
    const fs::path place = dir.path() / "db";
    const auto first = open_leveldb(fs::relative(place));
    ASSERT_TRUE(first.has_value()) << first.error().context;
    EXPECT_EQ(error_of(open_leveldb(place), {}), StoreErrc::kLocked);
    fs::create_directory_symlink(place, dir.path() / "link");
    EXPECT_EQ(error_of(open_leveldb(dir.path() / "link"), {}), StoreErrc::kLocked);
    EXPECT_EQ(error_of(open_leveldb(dir.path() / "x" / ".." / "db"), {}), StoreErrc::kLocked);
    EXPECT_EQ(error_of(open_leveldb(place.string() + "/"), {}), StoreErrc::kLocked);
}

TEST(LevelDbStore, says_that_there_is_no_store) {
    const TempDir dir;
    const LevelDbOptions existing{.create_if_missing = false};
    EXPECT_EQ(
        error_of(open_leveldb(dir.path() / "none", existing), {"none", "there is no store"}),
        StoreErrc::kNotFound);
    EXPECT_FALSE(fs::exists(dir.path() / "none"));
    EXPECT_EQ(
        error_of(open_leveldb(dir.path(), existing), {"there is no store"}), StoreErrc::kNotFound);
}

TEST(LevelDbStore, names_a_missing_parent) {
    const TempDir dir;
    EXPECT_EQ(
        error_of(
            open_leveldb(dir.path() / "parent" / "db"),
            {(dir.path() / "parent").string(), "create it first"}),
        StoreErrc::kNotFound);
}

TEST(LevelDbStore, refuses_a_file_in_place_of_the_directory) {
    const TempDir dir;
    std::ofstream(dir.path() / "db") << "a file";
    EXPECT_EQ(error_of(open_leveldb(dir.path() / "db"), {"db", "not a directory"}), StoreErrc::kIo);
}

TEST(LevelDbStore, refuses_data_in_another_order) {
    class Reverse final : public leveldb::Comparator {
      public:
        [[nodiscard]] int Compare(
            const leveldb::Slice& left, const leveldb::Slice& right) const override {
            return right.compare(left);
        }

        [[nodiscard]] const char* Name() const override { return "another program"; }

        void FindShortestSeparator(std::string*, const leveldb::Slice&) const override {}

        void FindShortSuccessor(std::string*) const override {}
    };

    const TempDir dir;
    const Reverse reverse;
    {
        leveldb::Options options;
        options.create_if_missing = true;
        options.comparator = &reverse;
        leveldb::DB* db = nullptr;
        ASSERT_TRUE(leveldb::DB::Open(options, dir.path().string(), &db).ok());
        delete db;
    }
    EXPECT_EQ(error_of(open_leveldb(dir.path()), {"another program"}), StoreErrc::kWrongSchema);
}

TEST(LevelDbStore, opens_without_filters_compression_and_with_a_small_cache) {
    const TempDir dir;
    const LevelDbOptions plain{.cache_bytes = 1'000, .bloom_bits_per_key = 0, .compression = false};
    const ReferenceRun reference(20, 5'000);
    for (std::size_t i = 1; i <= reference.batch_count(); ++i) {
        const auto opened = open_leveldb(dir.path(), i % 2 == 0 ? plain : LevelDbOptions{});
        ASSERT_TRUE(opened.has_value()) << opened.error().context;
        ASSERT_TRUE((*opened)->write(reference.batch(i), Durability::kBuffered).has_value());
        EXPECT_EQ(reference.find_state(**opened), i);
    }
}

/// A store on a file system in memory, with one table and one log.
class LevelDbFaults : public ::testing::Test {
  protected:
    void SetUp() override {
        for (int i = 0; i < 2; ++i) {
            const auto store = open();
            ASSERT_TRUE(store.has_value()) << store.error().context;
            const Rows rows = {{"key" + std::to_string(i), std::string(300, 'v')}};
            ASSERT_TRUE((*store)->write(batch_of(rows), Durability::kSynced).has_value());
        }
    }

    StoreResult<std::unique_ptr<KeyValueStore>> open() {
        return open_leveldb("db", {.file_system = &files});
    }

    [[nodiscard]] std::string file_with(const std::string& part) const {
        for (const std::string& name : files.files()) {
            if (name.contains(part)) {
                return name;
            }
        }
        ADD_FAILURE() << "no file " << part;
        return {};
    }

    FaultFileSystem files{1};
};

TEST_F(LevelDbFaults, names_the_damaged_table_and_serves_nothing_afterwards) {
    const std::string table = file_with(".ldb");
    files.flip_bit(table, 80);
    const auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_EQ(value_of(**store, "key1"), std::string(300, 'v'));  // from the other table
    const auto damaged = (*store)->get(as_bytes("key0"));
    ASSERT_FALSE(damaged.has_value());
    EXPECT_EQ(damaged.error().code, StoreErrc::kCorrupt);
    EXPECT_NE(damaged.error().context.find(table.substr(3)), std::string::npos)
        << damaged.error().context;
    const auto later = (*store)->get(as_bytes("key1"));
    ASSERT_FALSE(later.has_value());
    EXPECT_EQ(later.error().code, StoreErrc::kHalted);
    EXPECT_NE(later.error().context.find("corrupt"), std::string::npos);
    const auto written = (*store)->write(batch_of({{"a", "b"}}), Durability::kSynced);
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, StoreErrc::kHalted);
}

TEST_F(LevelDbFaults, names_the_damaged_log) {
    const std::string log = file_with(".log");
    files.flip_bit(log, 800);
    EXPECT_EQ(error_of(open(), {log, "checksum", "byte 0"}), StoreErrc::kCorrupt);
}

/// LevelDB alone would create an empty store here and delete the tables of the old one.
TEST_F(LevelDbFaults, does_not_start_anew_when_current_is_missing) {
    const std::size_t count = files.files().size();
    files.lose("db/CURRENT");
    EXPECT_EQ(error_of(open(), {"db/CURRENT", "missing"}), StoreErrc::kCorrupt);
    EXPECT_EQ(files.files().size(), count - 1);
}

TEST_F(LevelDbFaults, names_a_missing_log) {
    const std::string log = file_with(".log");
    files.lose(log);
    EXPECT_EQ(error_of(open(), {log, "missing"}), StoreErrc::kCorrupt);
}

TEST_F(LevelDbFaults, accepts_a_log_whose_last_write_was_cut_off) {
    const std::string log = file_with(".log");
    files.truncate(log, files.content(log).size() - 1);
    const auto store = open();
    ASSERT_TRUE(store.has_value()) << store.error().context;
    EXPECT_EQ(value_of(**store, "key0"), std::string(300, 'v'));
    EXPECT_EQ(value_of(**store, "key1"), "(none)");
}

TEST_F(LevelDbFaults, says_how_to_cure_a_full_disk) {
    const auto store = open();
    ASSERT_TRUE(store.has_value());
    files.inject({.call = files.calls() + 1, .fault = FileFault::kNoSpace});
    const auto written = (*store)->write(batch_of({{"a", "b"}}), Durability::kSynced);
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, StoreErrc::kNoSpace);
    EXPECT_NE(written.error().context.find("make room"), std::string::npos);
    EXPECT_EQ((*store)->get(as_bytes("key0")).error().code, StoreErrc::kHalted);
}

TEST_F(LevelDbFaults, refuses_two_opens) {
    const auto store = open();
    ASSERT_TRUE(store.has_value());
    EXPECT_EQ(error_of(open(), {"db"}), StoreErrc::kLocked);
}

TEST_F(LevelDbFaults, reports_files_that_can_no_longer_be_read) {
    const auto store = open();
    ASSERT_TRUE(store.has_value());
    files.crash();
    const auto value = (*store)->get(as_bytes("key0"));
    ASSERT_FALSE(value.has_value());
    EXPECT_EQ(value.error().code, StoreErrc::kIo) << value.error().context;
}

}  // namespace
}  // namespace polis::ledger::testing
