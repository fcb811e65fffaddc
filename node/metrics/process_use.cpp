#include <node/metrics/process_use.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace polis::node {

namespace {

namespace fs = std::filesystem;

/// "crypto" of "crypto-2".
std::string without_number(std::string name) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string::npos || dash == 0 || dash + 1 == name.size()) {
        return name;
    }
    const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
    if (std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, name.end(), is_digit)) {
        name.resize(dash);
    }
    return name;
}

/// A thread may end while it is looked at: then its files are gone, which is no matter.
void add_threads(ProcessUse& out) {
    const std::string main_thread = std::to_string(::getpid());
    std::error_code failed;
    for (fs::directory_iterator threads("/proc/self/task", failed), end; !failed && threads != end;
         threads.increment(failed)) {
        const fs::path folder = threads->path();
        std::string name;
        std::uint64_t cpu_ns = 0;
        std::ifstream comm(folder / "comm");
        std::ifstream schedstat(folder / "schedstat");  // nanoseconds; stat only has ticks
        if (std::getline(comm, name) && schedstat >> cpu_ns) {
            const bool is_main = folder.filename() == main_thread;
            out.thread_cpu_us[is_main ? "main" : without_number(std::move(name))] += cpu_ns / 1'000;
        }
    }
}

void add_disk(ProcessUse& out) {
    std::ifstream io("/proc/self/io");
    std::string key;
    std::uint64_t value = 0;
    while (io >> key >> value) {
        if (key == "write_bytes:") {
            out.disk_written_bytes = value;
        } else if (key == "read_bytes:") {
            out.disk_read_bytes = value;
        }
    }
}

void add_files(ProcessUse& out) {
    std::error_code failed;
    for (fs::directory_iterator files("/proc/self/fd", failed), end; !failed && files != end;
         files.increment(failed)) {
        ++out.open_files;
    }
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        out.open_files_max = limit.rlim_cur;
    }
}

}  // namespace

ProcessUse process_use() {
    ProcessUse out;
    std::ifstream statm("/proc/self/statm");
    std::uint64_t size_pages = 0;
    std::uint64_t resident_pages = 0;
    if (statm >> size_pages >> resident_pages) {
        out.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto us = [](const timeval& time) {
            return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
                   static_cast<std::uint64_t>(time.tv_usec);
        };
        out.cpu_us = us(usage.ru_utime) + us(usage.ru_stime);
        out.switches_voluntary = static_cast<std::uint64_t>(usage.ru_nvcsw);
        out.switches_forced = static_cast<std::uint64_t>(usage.ru_nivcsw);
    }
    add_threads(out);
    add_disk(out);
    add_files(out);
    return out;
}

}  // namespace polis::node
