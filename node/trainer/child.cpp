#include <node/trainer/child.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace polis::node {

namespace {

constexpr std::size_t kLastLinesMax = 5;

std::string text_of(int status) {
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        const char* name = ::sigdescr_np(number);
        return fmt::format("signal {} ({})", number, name != nullptr ? name : "unknown");
    }
    return fmt::format("exit code {}", WEXITSTATUS(status));
}

/// Attributes of posix_spawn that are released in every case.
class Attributes {
  public:
    explicit Attributes(int errors) {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&actions_);
        sigset_t none;
        ::sigemptyset(&none);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, errors, STDOUT_FILENO);
        ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
        // The sockets of the node too: its ports would stay taken as long as the child lives.
        ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    }

    ~Attributes() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;

    [[nodiscard]] int spawn(pid_t& pid, char* const* words) const {
        return ::posix_spawn(&pid, words[0], &actions_, &attributes_, words, ::environ);
    }

  private:
    posix_spawnattr_t attributes_{};
    posix_spawn_file_actions_t actions_{};
};

}  // namespace

Descriptor::~Descriptor() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

Result<Child, std::string> Child::start(const std::vector<std::string>& command) {
    std::vector<std::string> copies = command;
    std::vector<char*> words;
    words.reserve(copies.size() + 1);
    for (std::string& word : copies) {
        words.push_back(word.data());
    }
    words.push_back(nullptr);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::unexpected("cannot make a pipe: " + std::generic_category().message(errno));
    }
    Descriptor errors(ends[0]);
    const Descriptor other(ends[1]);
    ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
    pid_t pid = -1;
    const int error = Attributes(other.get()).spawn(pid, words.data());
    if (error != 0) {
        return std::unexpected(
            fmt::format("cannot start {}: {}", command[0], std::generic_category().message(error)));
    }
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), kNice);
    return Child(pid, std::move(errors));
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      errors_(std::move(other.errors_)),
      tail_(std::move(other.tail_)),
      line_(std::move(other.line_)),
      lines_(std::move(other.lines_)) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(errors_, other.errors_);
    std::swap(tail_, other.tail_);
    std::swap(line_, other.line_);
    std::swap(lines_, other.lines_);
    return *this;
}

Child::~Child() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

bool Child::read_errors() {
    std::array<char, 4096> portion{};
    while (true) {
        const ssize_t count = ::read(errors_.get(), portion.data(), portion.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 && errno == EAGAIN;
        }
        tail_.append(portion.data(), static_cast<std::size_t>(count));
        cut_lines({portion.data(), static_cast<std::size_t>(count)});
        if (tail_.size() > kLastWordsMax) {
            tail_.erase(0, tail_.size() - kLastWordsMax);
        }
    }
}

void Child::cut_lines(std::string_view text) {
    for (const char c : text) {
        if (c != '\n' && line_.size() < kLineBytesMax) {
            line_.push_back(c);
        } else if (c == '\n') {
            lines_.push_back(std::exchange(line_, {}));
        }
    }
}

std::optional<std::string> Child::ended() {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) {
        return std::nullopt;
    }
    pid_ = -1;
    return text_of(status);
}

std::string Child::last_words() const {
    std::vector<std::string_view> lines;
    std::string_view rest = tail_;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        if (end > 0) {
            lines.push_back(rest.substr(0, end));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::size_t count = std::min(lines.size(), kLastLinesMax);
    std::string out;
    for (std::size_t i = lines.size() - count; i < lines.size(); ++i) {
        out += (out.empty() ? "" : " | ") + std::string(lines[i]);
    }
    return out;
}

}  // namespace polis::node
