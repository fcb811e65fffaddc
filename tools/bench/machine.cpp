#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <tools/bench/probe.hpp>

/// Where a benchmark ran: what a reader must know to compare its figures with others.
namespace polis::tools::bench {

namespace {

std::string compiler() {
#if defined(__clang__)
    constexpr std::string_view kName = "clang";
#else
    constexpr std::string_view kName = "GCC";
#endif
    return fmt::format("{} {}, {}", kName, __VERSION__, POLIS_BUILD_FLAGS);
}

/// As the kernel calls it; on machines whose kernel does not, the kind of processor.
std::string cpu(const utsname& system) {
    std::ifstream in("/proc/cpuinfo");
    for (std::string line; std::getline(in, line);) {
        const std::size_t colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return static_cast<const char*>(system.machine);
}

/// That this process and its children may use.
std::uint64_t cores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return static_cast<std::uint64_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    }
    return static_cast<std::uint64_t>(CPU_COUNT(&allowed));
}

}  // namespace

Machine this_machine(const std::string& version) {
    utsname system{};
    ::uname(&system);
    std::array<double, 1> load{};
    const bool load_known = ::getloadavg(load.data(), 1) == 1;
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return {
        .version = version,
        .compiler = compiler(),
        .cpu = cpu(system),
        .cores = cores(),
        .memory_bytes = static_cast<std::uint64_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
        .system = fmt::format(
            "{} {} {}",
            static_cast<const char*>(system.sysname),
            static_cast<const char*>(system.release),
            static_cast<const char*>(system.machine)),
        .load_before = load_known ? load[0] : 0,
        .began_ms = static_cast<std::uint64_t>(now.count())};
}

}  // namespace polis::tools::bench
