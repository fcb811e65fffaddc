#include <tests/ledger/store/store_child.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ledger/store/leveldb_store.hpp>
#include <tests/ledger/store/store_fixture.hpp>

namespace polis::ledger::testing {

namespace {

constexpr std::size_t kSmallBuffer = std::size_t{64} << 10;

void report(const std::string& text) {
    const std::string line = text + "\n";
    const char* next = line.data();
    std::size_t left = line.size();
    while (left > 0) {
        const ::ssize_t written = ::write(STDOUT_FILENO, next, left);
        if (written < 0 && errno != EINTR) {
            std::_Exit(1);
        }
        if (written > 0) {
            next += written;
            left -= static_cast<std::size_t>(written);
        }
    }
}

std::string describe(const StoreError& error) {
    return std::string(to_string(error.code)) + ": " + error.context;
}

int open_and_report(const std::string& dir, bool hold) {
    const auto store = open_leveldb(dir);
    report(store ? "open" : describe(store.error()));
    char byte = 0;
    while (hold && ::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

int open_as_nobody(const std::string& dir) {
    constexpr ::uid_t kNobody = 65'534;
    if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setuid(kNobody) != 0)) {
        report("skip: cannot change the user");
        return 0;
    }
    return open_and_report(dir, /*hold=*/false);
}

/// A real full disk: the first failed write ends it.
int fill_disk(const std::string& dir) {
    const bool alone = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (!alone || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", dir.c_str(), "tmpfs", 0, "size=1m") != 0) {
        report("skip: cannot mount");
        return 0;
    }
    const auto store = open_leveldb(dir);
    if (!store) {
        report(describe(store.error()));
        return 0;
    }
    const ReferenceRun reference(20, 20'000);
    std::size_t written_count = 0;
    for (std::size_t i = 1; i < 10'000; ++i) {
        const std::size_t index = 1 + i % reference.batch_count();
        const auto written = (*store)->write(reference.batch(index), Durability::kSynced);
        if (!written) {
            report(describe(written.error()));
            report(describe((*store)->get(as_bytes("counter")).error()));
            break;
        }
        ++written_count;
    }
    report(std::to_string(written_count));
    return 0;
}

/// Goes on where the store is; batch numbers grow, batch contents repeat.
int write_until_killed(const std::string& dir) {
    const auto store = open_leveldb(dir, {.write_buffer_bytes = kSmallBuffer});
    if (!store) {
        report(describe(store.error()));
        return 1;
    }
    const auto found = (*store)->get(as_bytes("counter"));
    std::uint64_t counter = 0;
    if (found && *found) {
        counter = std::stoull(std::string(as_text(**found)));
    }
    for (;;) {
        ++counter;
        const auto written = (*store)->write(kill_batch(counter), Durability::kSynced);
        if (!written) {
            report(describe(written.error()));
            return 1;
        }
        report(std::to_string(counter));
    }
}

}  // namespace

int run_child(const std::vector<std::string>& arguments) {
    if (arguments.size() != 2) {
        return 2;
    }
    const std::string& task = arguments[0];
    const std::string& dir = arguments[1];
    if (task == "hold" || task == "open") {
        return open_and_report(dir, /*hold=*/task == "hold");
    }
    if (task == "nobody") {
        return open_as_nobody(dir);
    }
    if (task == "full") {
        return fill_disk(dir);
    }
    if (task == "write") {
        return write_until_killed(dir);
    }
    return 2;
}

Child::Child(const std::string& task, const std::string& dir) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    ::posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::string self = "/proc/self/exe";
    std::string flag = kChildFlag;
    std::string task_copy = task;
    std::string dir_copy = dir;
    const std::array<char*, 5> arguments = {
        self.data(), flag.data(), task_copy.data(), dir_copy.data(), nullptr};
    EXPECT_EQ(
        ::posix_spawn(&pid_, self.c_str(), &actions, nullptr, arguments.data(), ::environ), 0);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_child_ = in[1];
    from_child_ = out[0];
}

Child::~Child() {
    if (pid_ > 0) {
        kill();
        wait();
    }
    close_input();
    ::close(from_child_);
}

std::optional<std::string> Child::read_line() {
    for (;;) {
        if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
            std::string line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> piece{};
        const ::ssize_t count = ::read(from_child_, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return std::nullopt;
        }
        buffer_.append(piece.data(), static_cast<std::size_t>(count));
    }
}

void Child::close_input() {
    if (to_child_ >= 0) {
        ::close(to_child_);
        to_child_ = -1;
    }
}

void Child::kill() { ::kill(pid_, SIGKILL); }

int Child::wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace polis::ledger::testing
