// polis-trainer as a process: exit codes, one result a seed, signals, and work for a node over a
// socket.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/blob.hpp>
#include <ml/data/digits.hpp>
#include <ml/protocol/host_link.hpp>

namespace polis::trainer {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 60'000;

std::uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

/// The program with its words; its output goes to a file. Killed at the end of its life.
class Process {
  public:
    Process(std::vector<std::string> words, const std::string& output) {
        words.insert(words.begin(), std::getenv("POLIS_TRAINER"));
        std::vector<char*> raw;
        for (std::string& word : words) {
            raw.push_back(word.data());
        }
        raw.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            const int file = open(output.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
            dup2(file, 1);
            dup2(file, 2);
            execv(raw[0], raw.data());
            _exit(99);
        }
    }

    ~Process() {
        if (pid_ > 0) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
    }

    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const { kill(pid_, number); }

    /// The exit code; 1000 and the signal if one ended it.
    int wait() {
        int status = 0;
        waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
    }

  private:
    pid_t pid_ = -1;
};

class ProgramTest : public testing::Test {
  protected:
    ProgramTest() {
        const auto* info = testing::UnitTest::GetInstance()->current_test_info();
        folder_ = fs::temp_directory_path() /
                  ("polis-program-" + std::to_string(getpid()) + "-" + info->name());
        fs::create_directories(folder_);
    }

    void SetUp() override {
        if (std::getenv("POLIS_TRAINER") == nullptr) {
            GTEST_SKIP() << "POLIS_TRAINER does not name the program; ctest sets it";
        }
    }

    ~ProgramTest() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }

    int run(const std::vector<std::string>& words) { return Process(words, path("output")).wait(); }

    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(path(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    fs::path folder_;
};

TEST_F(ProgramTest, mistakes_end_with_their_exit_code_and_a_line) {
    EXPECT_EQ(run({}), 2);
    EXPECT_EQ(run({"train"}), 2);
    EXPECT_NE(read("output").find("--data is missing"), std::string::npos);
    EXPECT_EQ(run({"train", "--data", "digits", "--windows", "4"}), 2);
    EXPECT_EQ(run({"train", "--data", "digits", "--target", "97"}), 2);
    EXPECT_EQ(run({"train", "--data", "digits", "--map", "beef"}), 2);
    EXPECT_EQ(run({"serve"}), 2);
    EXPECT_EQ(run({"train", "--data", path("absent")}), 1);
    EXPECT_EQ(run({"train", "--data", "digits:500", "--model", "gpt"}), 1);
    EXPECT_NE(read("output").find("does not know this architecture"), std::string::npos);
    EXPECT_EQ(run({"serve", "--socket", path("nobody")}), 1);
}

TEST_F(ProgramTest, a_missed_target_has_its_own_exit_code_and_still_a_model) {
    EXPECT_EQ(
        run(
            {"train",
             "--data",
             "digits:200",
             "--epochs",
             "1",
             "--target",
             "1",
             "--out",
             path("model")}),
        3);
    const std::string file = read("model");
    EXPECT_TRUE(exact::decode_model(as_bytes(file)).has_value());
}

TEST_F(ProgramTest, two_processes_with_one_seed_give_one_model) {
    for (const char* name : {"one", "two"}) {
        ASSERT_EQ(
            run(
                {"train",
                 "--data",
                 "digits:500",
                 "--epochs",
                 "2",
                 "--model",
                 "cnn",
                 "--out",
                 path(name),
                 "--json"}),
            0);
    }
    EXPECT_FALSE(read("one").empty());
    EXPECT_EQ(read("one"), read("two"));
}

TEST_F(ProgramTest, a_signal_ends_training_with_its_number) {
    Process process(
        {"train", "--data", "digits:2000", "--epochs", "10000", "--json"}, path("output"));
    while (read("output").find("progress") == std::string::npos) {
        ASSERT_EQ(usleep(10'000), 0);
    }
    process.signal(SIGTERM);
    EXPECT_EQ(process.wait(), 128 + SIGTERM);
    EXPECT_NE(read("output").find("ended by signal 15"), std::string::npos);
}

TEST_F(ProgramTest, memory_that_is_not_there_ends_with_its_exit_code) {
    // A file of holes, larger than the process may become.
    std::ofstream(path("huge.polisdat")).close();
    fs::resize_file(path("huge.polisdat"), std::uintmax_t{1} << 30);
    const std::string command =
        "ulimit -v 1500000; OPENBLAS_NUM_THREADS=1 exec \"$POLIS_TRAINER\" train --data " +
        path("huge.polisdat") + " 2>" + path("output");
    const int status = std::system(command.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 4);
    EXPECT_NE(read("output").find("out of memory"), std::string::npos);
}

/// A node's end of the socket.
class Host {
  public:
    explicit Host(const std::string& path) : listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
        EXPECT_EQ(listen(listener_, 1), 0);
    }

    ~Host() {
        close(listener_);
        hang_up();
    }

    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    void accept_trainer() {
        ASSERT_TRUE(readable(listener_));
        fd_ = accept(listener_, nullptr, nullptr);
        ASSERT_GE(fd_, 0);
        send(link_.greeting());
        ASSERT_TRUE(std::holds_alternative<Hello>(next()));
    }

    void send(const Bytes& bytes) const {
        EXPECT_EQ(write(fd_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }

    /// The next message that is no heartbeat; a failure of the test if none comes.
    TrainerMessage next() {
        while (waiting_.empty()) {
            Bytes portion(1 << 16);
            const ssize_t count = readable(fd_) ? ::read(fd_, portion.data(), portion.size()) : -1;
            if (count <= 0) {
                ADD_FAILURE() << "the trainer is silent or gone";
                return Heartbeat{};
            }
            portion.resize(static_cast<std::size_t>(count));
            auto messages = link_.received(portion, now_ms());
            if (!messages) {
                ADD_FAILURE() << to_string(messages.error());
                return Heartbeat{};
            }
            waiting_ = *std::move(messages);
        }
        TrainerMessage out = waiting_.front();
        waiting_.erase(waiting_.begin());
        return out;
    }

    /// The end of the job, and how many reports came before it.
    TrainerMessage end_of_job(int& reports) {
        while (true) {
            TrainerMessage message = next();
            if (!std::holds_alternative<Progress>(message)) {
                return message;
            }
            ++reports;
        }
    }

    HostLink& link() { return link_; }

    void hang_up() {
        if (fd_ >= 0) {
            close(fd_);
        }
        fd_ = -1;
    }

  private:
    static bool readable(int fd) {
        pollfd source{fd, POLLIN, 0};
        return poll(&source, 1, kPatienceMs) == 1;
    }

    int listener_;
    int fd_ = -1;
    HostLink link_{{}, HelloNonce{{7}}, now_ms()};
    std::vector<TrainerMessage> waiting_;
};

Train job_of(std::uint64_t number, const BlobLocation& data) {
    return {
        .job = number,
        .data = data,
        .mapping_seed = Hash{{3}},
        .model = {.kind = "mlp", .hidden = {16}},
        .seed = 5,
        .window_ms = 60'000,
        .target_ppm = 0,
        .epochs = 3,
        .device = "cpu"};
}

class ServeTest : public ProgramTest {
  protected:
    void SetUp() override {
        ProgramTest::SetUp();
        if (!IsSkipped()) {
            host_.emplace(path("socket"));
            process_.emplace(
                std::vector<std::string>{"serve", "--socket", path("socket")}, path("output"));
            host_->accept_trainer();
        }
    }

    /// A dataset as a file.
    [[nodiscard]] LocalFile digits() const {
        const Bytes file = *data::draw_digits(600, 2);
        std::ofstream(path("digits"), std::ios::binary)
            .write(
                reinterpret_cast<const char*>(file.data()),
                static_cast<std::streamsize>(file.size()));
        return {.path = path("digits")};
    }

    FailureCode failure_of(const Train& job) {
        host_->send(host_->link().train(job));
        int reports = 0;
        const TrainerMessage end = host_->end_of_job(reports);
        const auto* failed = std::get_if<Failed>(&end);
        return failed != nullptr ? failed->code : FailureCode::kBusy;
    }

    std::optional<Host> host_;
    std::optional<Process> process_;
};

TEST_F(ServeTest, trains_and_gives_a_model_that_scores_as_it_says) {
    EXPECT_EQ(host_->link().hello()->kinds.size(), 5U);
    EXPECT_EQ(host_->link().hello()->devices.at(0).name, "cpu");
    host_->send(host_->link().train(job_of(1, digits())));
    int reports = 0;
    const TrainerMessage end = host_->end_of_job(reports);
    const auto* finished = std::get_if<Finished>(&end);
    ASSERT_NE(finished, nullptr);
    EXPECT_GE(reports, 3);
    EXPECT_EQ(finished->reason, EndReason::kEpochs);
    EXPECT_TRUE(exact::decode_model(finished->model).has_value());
    EXPECT_GT(finished->validation.correct * 2, finished->validation.count);
    // The next job on the same connection; one seed gives one model.
    host_->send(host_->link().train(job_of(2, digits())));
    const TrainerMessage again = host_->end_of_job(reports);
    ASSERT_TRUE(std::holds_alternative<Finished>(again));
    EXPECT_EQ(std::get<Finished>(again).model, finished->model);
    host_->hang_up();
    EXPECT_EQ(process_->wait(), 0);
}

TEST_F(ServeTest, takes_a_dataset_in_portions) {
    const Bytes file = *data::draw_digits(200, 2);
    const Hash root = blob_root(file);
    for (std::size_t at = 0; at < file.size(); at += 50'000) {
        const std::size_t count = std::min<std::size_t>(50'000, file.size() - at);
        host_->send(frame_of(HostMessage{BlobPortion{
            .root = root,
            .bytes_total = file.size(),
            .offset = at,
            .bytes = to_bytes(ByteView{file}.subspan(at, count))}}));
    }
    host_->send(host_->link().train(job_of(1, SentBlob{.root = root})));
    int reports = 0;
    EXPECT_TRUE(std::holds_alternative<Finished>(host_->end_of_job(reports)));
}

TEST_F(ServeTest, a_dataset_that_is_not_its_roots_ends_the_connection) {
    host_->send(frame_of(
        HostMessage{BlobPortion{.root = Hash{{1}}, .bytes_total = 1, .offset = 0, .bytes = {1}}}));
    EXPECT_EQ(process_->wait(), 0);
    EXPECT_NE(read("output").find("its root is another"), std::string::npos);
}

TEST_F(ServeTest, jobs_that_cannot_be_done_are_named_and_the_next_one_runs) {
    Train job = job_of(1, LocalFile{.path = path("absent")});
    EXPECT_EQ(failure_of(job), FailureCode::kBadData);
    job = job_of(2, SentBlob{.root = Hash{{1}}});
    EXPECT_EQ(failure_of(job), FailureCode::kBadData);
    job = job_of(3, digits());
    job.model.kind = "gpt";
    EXPECT_EQ(failure_of(job), FailureCode::kUnknownArchitecture);
    job = job_of(4, digits());
    job.device = "cuda:63";
    EXPECT_EQ(failure_of(job), FailureCode::kBadDevice);
    host_->send(host_->link().train(job_of(5, digits())));
    int reports = 0;
    EXPECT_TRUE(std::holds_alternative<Finished>(host_->end_of_job(reports)));
}

TEST_F(ServeTest, cancel_ends_the_job_and_a_signal_ends_the_process) {
    Train job = job_of(1, digits());
    job.epochs = kEpochsMax;
    host_->send(host_->link().train(job));
    ASSERT_TRUE(std::holds_alternative<Progress>(host_->next()));
    host_->send(host_->link().cancel());
    int reports = 0;
    TrainerMessage end = host_->end_of_job(reports);
    ASSERT_TRUE(std::holds_alternative<Failed>(end));
    EXPECT_EQ(std::get<Failed>(end).code, FailureCode::kCancelled);
    job.job = 2;
    host_->send(host_->link().train(job));
    ASSERT_TRUE(std::holds_alternative<Progress>(host_->next()));
    process_->signal(SIGTERM);
    end = host_->end_of_job(reports);
    ASSERT_TRUE(std::holds_alternative<Failed>(end));
    EXPECT_EQ(process_->wait(), 128 + SIGTERM);
}

}  // namespace
}  // namespace polis::trainer
