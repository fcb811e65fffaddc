// The node's care for its trainer: work gets done, and whatever a trainer does, it is reported and
// replaced, and nobody waits for it.
#include <node/trainer/trainer_host.hpp>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ml/data/digits.hpp>
#include <ml/exact/model.hpp>
#include <tests/node/trainer/diary.hpp>

namespace polis::node {
namespace {

namespace fs = std::filesystem;
using testing::Diary;

class TrainerHostTest : public ::testing::Test {
  protected:
    TrainerHostTest() {
        folder_ = fs::temp_directory_path() / ("polis-host-" + std::to_string(getpid()));
        fs::create_directories(folder_);
    }

    ~TrainerHostTest() override {
        host_.reset();
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    TrainerHost& start(std::vector<std::string> command, trainer::Patience patience = {}) {
        TrainerHost::Options options;
        options.command = std::move(command);
        options.socket = (folder_ / "socket").string();
        options.pause_ms_min = 20;
        options.pause_ms_max = 100;
        options.patience = patience;
        host_.emplace(std::move(options), diary_.listener());
        return *host_;
    }

    TrainerHost& start_fake(const char* behaviour, trainer::Patience patience = {}) {
        const char* program = std::getenv("POLIS_FAKE_TRAINER");
        return start({program != nullptr ? program : "", behaviour}, patience);
    }

    void SetUp() override {
        if (std::getenv("POLIS_FAKE_TRAINER") == nullptr) {
            GTEST_SKIP() << "POLIS_FAKE_TRAINER does not name the program; ctest sets it";
        }
    }

    fs::path folder_;
    Diary diary_;
    std::optional<TrainerHost> host_;
};

TEST_F(TrainerHostTest, jobs_are_done_one_after_the_other) {
    TrainerHost& host = start_fake("good");
    ASSERT_TRUE(host.submit({.job = 1}).has_value());
    EXPECT_EQ(diary_.finished().job, 1U);
    EXPECT_EQ(diary_.progress().epoch, 1U);
    ASSERT_TRUE(host.submit({.job = 2}).has_value());
    EXPECT_EQ(diary_.finished(2).model, (Bytes{1, 2, 3}));
    EXPECT_EQ(host.status().deaths, 0U);
    EXPECT_EQ(host.status().hello->program, "fake");
}

TEST_F(TrainerHostTest, one_job_at_a_time_and_cancel_ends_it) {
    TrainerHost& host = start_fake("good");
    ASSERT_TRUE(host.submit({.job = 1, .epochs = trainer::kEpochsMax}).has_value());
    EXPECT_EQ(host.submit({.job = 2}).error(), TrainerHost::SubmitError::kBusy);
    (void)diary_.progress();
    host.cancel(7);  // another one: nothing happens
    host.cancel(1);
    EXPECT_EQ(diary_.failed().code, trainer::FailureCode::kCancelled);
    EXPECT_TRUE(host.submit({.job = 3}).has_value());
    EXPECT_EQ(diary_.finished().job, 3U);
}

TEST_F(TrainerHostTest, a_crash_is_reported_with_its_last_words_and_the_job_fails) {
    TrainerHost& host = start_fake("crash");
    ASSERT_TRUE(host.submit({.job = 1}).has_value());
    const auto failed = diary_.failed();
    EXPECT_EQ(failed.job, 1U);
    EXPECT_NE(failed.text.find("signal 6"), std::string::npos) << failed.text;
    EXPECT_NE(failed.text.find("first line | out of luck"), std::string::npos) << failed.text;
    // The next one is as good as new.
    ASSERT_TRUE(host.submit({.job = 2}).has_value());
    EXPECT_EQ(diary_.failed(2).job, 2U);
    EXPECT_GE(host.status().deaths, 2U);
}

TEST_F(TrainerHostTest, an_exit_code_is_reported) {
    TrainerHost& host = start_fake("exit");
    ASSERT_TRUE(host.submit({.job = 1}).has_value());
    EXPECT_NE(diary_.failed().text.find("exit code 42"), std::string::npos);
}

TEST_F(TrainerHostTest, pauses_between_restarts_grow_up_to_their_limit) {
    start_fake("garbage");
    EXPECT_EQ(diary_.death(1).second, 20U);
    EXPECT_EQ(diary_.death(2).second, 40U);
    EXPECT_EQ(diary_.death(3).second, 80U);
    EXPECT_EQ(diary_.death(5).second, 100U);
}

TEST_F(TrainerHostTest, garbage_ends_the_process_with_a_name) {
    start_fake("garbage");
    EXPECT_NE(diary_.death().first.find("longer than any legal one"), std::string::npos);
}

TEST_F(TrainerHostTest, a_trainer_that_never_connects_is_given_up) {
    start_fake("absent", {.hello_ms = 300, .silence_ms = 300});
    EXPECT_NE(diary_.death().first.find("no hello in time"), std::string::npos);
}

TEST_F(TrainerHostTest, a_trainer_that_connects_and_says_nothing_is_given_up) {
    start_fake("silent", {.hello_ms = 300, .silence_ms = 300});
    EXPECT_NE(diary_.death().first.find("no hello in time"), std::string::npos);
}

TEST_F(TrainerHostTest, an_answer_to_another_job_ends_the_process) {
    TrainerHost& host = start_fake("liar");
    ASSERT_TRUE(host.submit({.job = 1}).has_value());
    EXPECT_NE(diary_.failed().text.find("has no place here"), std::string::npos);
}

TEST_F(TrainerHostTest, a_trainer_that_falls_silent_within_a_job_is_replaced) {
    TrainerHost& host = start_fake("good", {.hello_ms = 60'000, .silence_ms = 300});
    ASSERT_TRUE(host.submit({.job = 1, .epochs = trainer::kEpochsMax}).has_value());
    EXPECT_NE(diary_.failed().text.find("silent for too long"), std::string::npos);
}

TEST_F(TrainerHostTest, a_program_that_is_not_there_fails_the_job_with_a_line) {
    TrainerHost& host = start({(folder_ / "absent").string()});
    EXPECT_NE(diary_.death().first.find("cannot start"), std::string::npos);
    ASSERT_TRUE(host.submit({.job = 1}).has_value());
    EXPECT_NE(diary_.failed().text.find("No such file"), std::string::npos);
}

/// The real program, where this build has it.
class RealTrainerTest : public TrainerHostTest {
  protected:
    void SetUp() override {
        if (std::getenv("POLIS_TRAINER") == nullptr) {
            GTEST_SKIP() << "polis-trainer is not part of this build";
        }
    }

    [[nodiscard]] trainer::Train job(std::uint64_t number, std::uint32_t epochs) const {
        const Bytes file = *data::draw_digits(400, 2);
        const std::string path = (folder_ / "digits").string();
        std::ofstream(path, std::ios::binary)
            .write(
                reinterpret_cast<const char*>(file.data()),
                static_cast<std::streamsize>(file.size()));
        return {
            .job = number,
            .data = trainer::LocalFile{.path = path},
            .model = {.kind = "mlp", .hidden = {16}},
            .seed = 1,
            .window_ms = 60'000,
            .epochs = epochs,
            .device = "cpu"};
    }
};

TEST_F(RealTrainerTest, trains_and_is_killed_and_trains_again) {
    TrainerHost& host = start({std::getenv("POLIS_TRAINER")});
    ASSERT_TRUE(host.submit(job(1, 2)).has_value());
    EXPECT_TRUE(exact::decode_model(diary_.finished().model).has_value());
    ASSERT_TRUE(host.submit(job(2, trainer::kEpochsMax)).has_value());
    diary_.wait_for_progress_of(2);
    const auto pid = host.status().pid;
    ASSERT_TRUE(pid.has_value());
    ASSERT_EQ(kill(*pid, SIGKILL), 0);
    EXPECT_NE(diary_.failed().text.find("signal 9"), std::string::npos);
    ASSERT_TRUE(host.submit(job(3, 2)).has_value());
    EXPECT_EQ(diary_.finished(2).job, 3U);
}

}  // namespace
}  // namespace polis::node
