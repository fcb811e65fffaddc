#include <tools/ledger_demo/child.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <core/bytes.hpp>

namespace polis::tools {

namespace {

struct Pipe {
    FileDescriptor read;
    FileDescriptor write;
};

std::string system_reason() { return std::generic_category().message(errno); }

std::optional<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// Between fork and exec only calls that are safe in a signal handler are allowed.
[[noreturn]] void become_writer(int acks, int lifeline, char* const* arguments) {
    // Out of the way first: either end may already have the number of the other's place.
    const int high_acks = ::fcntl(acks, F_DUPFD_CLOEXEC, kLifelineFd + 1);
    const int high_lifeline = ::fcntl(lifeline, F_DUPFD_CLOEXEC, kLifelineFd + 1);
    if (::dup2(high_acks, kAckFd) == kAckFd && ::dup2(high_lifeline, kLifelineFd) == kLifelineFd) {
        ::execv("/proc/self/exe", arguments);
    }
    ::_exit(127);
}

}  // namespace

bool acknowledge(Height height) {
    const auto bytes = big_endian(height.value);  // below PIPE_BUF: written in one piece
    return ::write(kAckFd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

void wait_for_the_end() {
    std::array<char, 1> byte{};
    while (::read(kLifelineFd, byte.data(), byte.size()) < 0 && errno == EINTR) {
    }
}

Result<WriterProcess, std::string> WriterProcess::start(const std::vector<std::string>& arguments) {
    auto acks = make_pipe();
    auto lifeline = make_pipe();
    if (!acks || !lifeline) {
        return std::unexpected("cannot make a pipe: " + system_reason());
    }
    std::vector<std::string> words = arguments;
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid < 0) {
        return std::unexpected("cannot start a process: " + system_reason());
    }
    if (pid == 0) {
        become_writer(acks->write.get(), lifeline->read.get(), pointers.data());
    }
    return WriterProcess(pid, std::move(acks->read), std::move(lifeline->write));
}

WriterProcess::WriterProcess(WriterProcess&& other) noexcept
    : pid_(other.pid_),
      running_(std::exchange(other.running_, false)),
      acks_(std::move(other.acks_)),
      lifeline_(std::move(other.lifeline_)) {}

WriterProcess::~WriterProcess() {
    if (running_) {
        static_cast<void>(kill());
    }
}

std::optional<Height> WriterProcess::next_ack(std::chrono::microseconds patience) {
    using std::chrono::nanoseconds;
    using std::chrono::seconds;
    const auto whole = std::chrono::duration_cast<seconds>(patience);
    const timespec limit{.tv_sec = whole.count(), .tv_nsec = nanoseconds(patience - whole).count()};
    pollfd wait{.fd = acks_.get(), .events = POLLIN, .revents = 0};
    if (::ppoll(&wait, 1, &limit, /*ss=*/nullptr) != 1) {
        return std::nullopt;
    }
    std::array<std::uint8_t, 8> bytes{};
    if (::read(acks_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        return std::nullopt;
    }
    return Height{from_big_endian<std::uint64_t>(bytes)};
}

bool WriterProcess::kill() {
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    running_ = false;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

}  // namespace polis::tools
