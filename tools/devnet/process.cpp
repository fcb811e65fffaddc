#include <tools/devnet/process.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <core/file_descriptor.hpp>
#include <core/integer.hpp>

namespace polis::tools::devnet {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOutputBytesMax = std::size_t{64} << 10;
constexpr int kSignalBase = 128;  ///< as a shell reports a signal

std::string system_reason() { return std::generic_category().message(errno); }

std::string read_text(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// The fields of /proc/PID/stat that are of interest, man proc(5).
struct Stat {
    char state = 'X';
    std::uint64_t user_ticks = 0;
    std::uint64_t system_ticks = 0;
    std::uint64_t threads = 0;
    std::uint64_t started = 0;
    std::uint64_t resident_pages = 0;
};

std::optional<Stat> stat_of(pid_t pid) {
    const std::string text = read_text(fmt::format("/proc/{}/stat", pid));
    const std::size_t name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream in(text.substr(name_end + 1));
    const std::vector<std::string> fields{std::istream_iterator<std::string>(in), {}};
    constexpr std::size_t kFirst = 3;  // number of the field behind the name
    constexpr std::size_t kLast = 24;
    if (fields.size() <= kLast - kFirst) {
        return std::nullopt;
    }
    const auto number = [&](std::size_t field) {
        return parse_u64(fields[field - kFirst]).value_or(0);
    };
    return Stat{fields[0][0], number(14), number(15), number(20), number(22), number(24)};
}

/// Also true for a process that is ending: it has no arguments any more, but still its files.
bool has_argument(pid_t pid, std::string_view mark) {
    const std::string line = read_text(fmt::format("/proc/{}/cmdline", pid));
    if (line.empty()) {
        return true;
    }
    std::istringstream in(line);
    for (std::string word; std::getline(in, word, '\0');) {
        if (word == mark) {
            return true;
        }
    }
    return false;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> out;
    out.reserve(words.size() + 1);
    for (std::string& word : words) {
        out.push_back(word.data());
    }
    out.push_back(nullptr);
    return out;
}

struct Pipe {
    FileDescriptor read;
    FileDescriptor write;
};

std::optional<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// Waits until the pipe's other end is closed: the child is the program now, or gone.
void wait_for_exec(Pipe& pipe) {
    pipe.write.close();
    std::array<char, 1> byte{};
    while (::read(pipe.read.get(), byte.data(), byte.size()) < 0 && errno == EINTR) {
    }
}

/// Between fork and exec only calls that are safe in a signal handler are allowed.
[[noreturn]] void become(char* const* arguments, int output, int log, bool detached) {
    if (detached) {
        ::setsid();
    }
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

std::string ending(int status) {
    return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                               : fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

ProcessState state_of(const ProcessId& process, const std::string& mark) {
    if (process.pid <= 0) {
        return ProcessState::kGone;
    }
    const auto stat = stat_of(process.pid);
    // A zombie with threads is one whose main thread has ended first: it still holds its files.
    const bool dead = !stat || stat->state == 'X' || (stat->state == 'Z' && stat->threads <= 1);
    if (dead || stat->started != process.started || !has_argument(process.pid, mark)) {
        return ProcessState::kGone;
    }
    return stat->state == 'T' ? ProcessState::kPaused : ProcessState::kRunning;
}

std::optional<ProcessUsage> usage_of(pid_t pid) {
    const auto stat = stat_of(pid);
    if (!stat || stat->state == 'Z' || stat->state == 'X') {
        return std::nullopt;
    }
    const auto ticks_per_s = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    timespec uptime{};
    ::clock_gettime(CLOCK_BOOTTIME, &uptime);
    const std::uint64_t now_ms = static_cast<std::uint64_t>(uptime.tv_sec) * 1'000 +
                                 static_cast<std::uint64_t>(uptime.tv_nsec) / 1'000'000;
    const std::uint64_t start_ms = stat->started * 1'000 / ticks_per_s;
    return ProcessUsage{
        .resident_bytes = stat->resident_pages * page_bytes,
        .cpu_ms = (stat->user_ticks + stat->system_ticks) * 1'000 / ticks_per_s,
        .age_ms = now_ms > start_ms ? now_ms - start_ms : 0,
        .user_us = stat->user_ticks * 1'000'000 / ticks_per_s,
        .system_us = stat->system_ticks * 1'000'000 / ticks_per_s,
        .started = stat->started};
}

Fallible<ProcessId> start(const StartOptions& options) {
    const FileDescriptor output(
        ::open(options.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const FileDescriptor log(
        ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!output.valid() || !log.valid()) {
        return std::unexpected(fmt::format(
            "cannot write to {}: {}; check space and permissions",
            options.log.parent_path().string(),
            system_reason()));
    }
    std::vector<std::string> words = options.arguments;
    const std::vector<char*> pointers = pointers_to(words);
    auto pipe = make_pipe();
    const pid_t pid = pipe ? ::fork() : -1;
    if (pid < 0) {
        return std::unexpected("cannot start a process: " + system_reason() + "; end others");
    }
    if (pid == 0) {
        become(pointers.data(), output.get(), log.get(), options.detached);
    }
    wait_for_exec(*pipe);            // before that its arguments are still ours
    const auto stat = stat_of(pid);  // ours: at worst a zombie, which still has its line
    return ProcessId{pid, stat ? stat->started : 0};
}

std::optional<std::string> ending_of(pid_t pid) {
    int status = 0;
    return ::waitpid(pid, &status, WNOHANG) == pid ? std::optional{ending(status)} : std::nullopt;
}

Fallible<Finished> run_program(const std::vector<std::string>& arguments) {
    auto pipe = make_pipe();
    std::vector<std::string> words = arguments;
    const std::vector<char*> pointers = pointers_to(words);
    const pid_t pid = pipe ? ::fork() : -1;
    if (pid < 0) {
        return std::unexpected("cannot start a process: " + system_reason() + "; end others");
    }
    if (pid == 0) {
        become(pointers.data(), pipe->write.get(), pipe->write.get(), /*detached=*/false);
    }
    pipe->write.close();
    Finished out;
    std::array<char, 4'096> portion{};
    while (true) {
        const ssize_t got = ::read(pipe->read.get(), portion.data(), portion.size());
        if (got == 0 || (got < 0 && errno != EINTR)) {
            break;
        }
        if (got > 0 && out.output.size() < kOutputBytesMax) {
            out.output.append(portion.data(), static_cast<std::size_t>(got));
        }
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    out.code = WIFSIGNALED(status) ? kSignalBase + WTERMSIG(status) : WEXITSTATUS(status);
    return out;
}

std::optional<std::string> find_program(const std::string& name) {
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string file = folder + '/' + name;
        if (::access(file.c_str(), X_OK) == 0) {
            return file;
        }
    }
    return std::nullopt;
}

fs::path own_program() {
    std::error_code failed;
    return fs::read_symlink("/proc/self/exe", failed);
}

}  // namespace polis::tools::devnet
