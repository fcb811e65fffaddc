#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace polis::node {

/// What the process takes of the machine.
struct ProcessUse {
    std::uint64_t resident_bytes = 0;
    std::uint64_t cpu_us = 0;  ///< user and system, also of threads that have ended
    /// Of the threads that run now, by name; those of a pool, such as crypto-0 and crypto-1,
    /// together. The main thread is "main".
    std::map<std::string, std::uint64_t> thread_cpu_us;
    std::uint64_t switches_voluntary = 0;  ///< a thread waited for something
    std::uint64_t switches_forced = 0;     ///< another one had its turn
    std::uint64_t disk_written_bytes = 0;  ///< given to the kernel for disks
    std::uint64_t disk_read_bytes = 0;
    std::uint64_t open_files = 0;
    std::uint64_t open_files_max = 0;
};

/// Reads /proc/self; zeros and no threads where the system does not say. Any thread.
[[nodiscard]] ProcessUse process_use();

}  // namespace polis::node
