// The file system in memory that models power loss: bytes and names are durable only when synced.
// Method: single calls through the interface that LevelDB uses.
#include <ledger/store/fault_env.hpp>

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <leveldb/env.h>
#include <leveldb/status.h>

#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {
namespace {

class FaultFiles : public ::testing::Test {
  protected:
    void SetUp() override {
        ASSERT_TRUE(files.env()->CreateDir("d").ok());
        ASSERT_TRUE(files.sync_directory(".").ok());
    }

    std::unique_ptr<leveldb::WritableFile> create(const std::string& name) {
        leveldb::WritableFile* file = nullptr;
        EXPECT_TRUE(files.env()->NewWritableFile(name, &file).ok());
        return std::unique_ptr<leveldb::WritableFile>(file);
    }

    std::unique_ptr<leveldb::WritableFile> create_durable(const std::string& name) {
        auto file = create(name);
        EXPECT_TRUE(files.sync_directory("d").ok());
        return file;
    }

    /// The content after a power loss that keeps nothing unsynced, "(none)" without a file.
    [[nodiscard]] std::string durable(const std::string& name) const {
        return content_in(*files.after_power_loss(PowerLoss::kDropsUnsynced, 1), name);
    }

    static std::string content_in(FaultFileSystem& place, const std::string& name) {
        return place.env()->FileExists(name) ? std::string(as_text(place.content(name))) : "(none)";
    }

    FaultFileSystem files{1};
};

TEST_F(FaultFiles, bytes_are_durable_after_a_sync) {
    const auto file = create_durable("d/a");
    ASSERT_TRUE(file->Append("one").ok());
    EXPECT_EQ(durable("d/a"), "");
    ASSERT_TRUE(file->Flush().ok());
    EXPECT_EQ(durable("d/a"), "");
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Append("two").ok());
    EXPECT_EQ(durable("d/a"), "one");
    EXPECT_EQ(content_in(*files.after_process_end(), "d/a"), "onetwo");
}

TEST_F(FaultFiles, names_are_durable_after_a_sync_of_the_directory) {
    const auto file = create("d/a");
    ASSERT_TRUE(file->Append("one").ok());
    ASSERT_TRUE(file->Sync().ok());
    EXPECT_EQ(durable("d/a"), "(none)");
    ASSERT_TRUE(files.sync_directory("d").ok());
    EXPECT_EQ(durable("d/a"), "one");
    ASSERT_TRUE(files.env()->RenameFile("d/a", "d/b").ok());
    EXPECT_EQ(durable("d/a"), "one");
    EXPECT_EQ(durable("d/b"), "(none)");
    ASSERT_TRUE(files.sync_directory("d").ok());
    EXPECT_EQ(durable("d/a"), "(none)");
    EXPECT_EQ(durable("d/b"), "one");
    ASSERT_TRUE(files.env()->RemoveFile("d/b").ok());
    EXPECT_EQ(durable("d/b"), "one");
}

TEST_F(FaultFiles, a_directory_is_a_name_in_its_parent) {
    ASSERT_TRUE(files.env()->CreateDir("e").ok());
    leveldb::WritableFile* file = nullptr;
    ASSERT_TRUE(files.env()->NewWritableFile("e/a", &file).ok());
    delete file;
    ASSERT_TRUE(files.sync_directory("e").ok());
    EXPECT_EQ(durable("e/a"), "(none)");
    ASSERT_TRUE(files.sync_directory(".").ok());
    EXPECT_EQ(durable("e/a"), "");
}

TEST_F(FaultFiles, a_torn_tail_has_any_length) {
    const auto file = create_durable("d/a");
    ASSERT_TRUE(file->Append("0123").ok());
    ASSERT_TRUE(file->Sync().ok());
    ASSERT_TRUE(file->Append("456789").ok());
    std::set<std::string> seen;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        const auto after = files.after_power_loss(PowerLoss::kTearsUnsynced, seed);
        const std::string content = content_in(*after, "d/a");
        EXPECT_TRUE(std::string("0123456789").starts_with(content)) << content;
        EXPECT_EQ(
            content, content_in(*files.after_power_loss(PowerLoss::kTearsUnsynced, seed), "d/a"));
        seen.insert(content);
    }
    EXPECT_EQ(seen.size(), 7U);  // four to ten bytes
}

TEST_F(FaultFiles, no_later_sync_repairs_a_failed_one) {
    const auto file = create_durable("d/a");
    ASSERT_TRUE(file->Append("one").ok());
    files.inject({.call = 0, .fault = FileFault::kFailedSync});
    EXPECT_TRUE(file->Sync().IsIOError());
    EXPECT_TRUE(files.fired());
    EXPECT_TRUE(file->Sync().ok());
    EXPECT_EQ(durable("d/a"), "");
    EXPECT_EQ(content_in(*files.after_process_end(), "d/a"), "one");
}

TEST_F(FaultFiles, faults_strike_the_call_that_they_are_armed_for) {
    const auto file = create_durable("d/a");
    const std::uint64_t calls = files.calls();
    files.inject({.call = calls + 2, .fault = FileFault::kNoSpace});
    EXPECT_TRUE(file->Append("one").ok());
    const leveldb::Status full = file->Append("two");
    EXPECT_NE(full.ToString().find("No space left on device"), std::string::npos);
    EXPECT_TRUE(file->Append("three").ok());
    EXPECT_EQ(content_in(files, "d/a"), "onethree");
    files.inject({.call = 0, .fault = FileFault::kShortWrite});
    EXPECT_TRUE(file->Flush().ok());  // not an append: stays armed
    EXPECT_FALSE(file->Append("four").ok());
    EXPECT_TRUE(std::string("onethreefour").starts_with(content_in(files, "d/a")));
    EXPECT_EQ(files.calls(), calls + 5);
}

TEST_F(FaultFiles, nothing_works_after_a_crash) {
    const auto file = create_durable("d/a");
    ASSERT_TRUE(file->Append("one").ok());
    ASSERT_TRUE(file->Sync().ok());
    files.crash();
    EXPECT_FALSE(file->Append("two").ok());
    EXPECT_FALSE(file->Sync().ok());
    EXPECT_FALSE(files.env()->FileExists("d/a"));
    EXPECT_FALSE(files.env()->RemoveFile("d/a").ok());
    EXPECT_EQ(durable("d/a"), "one");
}

}  // namespace
}  // namespace polis::ledger::testing
