#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include <tools/failure.hpp>

/// Processes that outlive the command that started them, and how to know them again.
namespace polis::tools::devnet {

/// A number alone would one day name somebody else's process: the kernel's start time makes sure.
struct ProcessId {
    pid_t pid = 0;              ///< 0: none
    std::uint64_t started = 0;  ///< clock ticks from the boot of the machine

    bool operator==(const ProcessId&) const = default;
};

enum class ProcessState : std::uint8_t {
    kGone,
    kRunning,
    kPaused,  ///< SIGSTOP
};

/// Whether the process still is the one that we started, with `mark` among its arguments.
[[nodiscard]] ProcessState state_of(const ProcessId& process, const std::string& mark);

/// What /proc says of a process now.
struct ProcessUsage {
    std::uint64_t resident_bytes = 0;
    std::uint64_t cpu_ms = 0;  ///< since its start
    std::uint64_t age_ms = 0;
    std::uint64_t user_us = 0;    ///< of cpu_ms, with the precision of the kernel's ticks
    std::uint64_t system_us = 0;  ///< the other part, of the kernel on its behalf
    std::uint64_t started = 0;    ///< as in ProcessId
};

/// Nothing if there is no such process, or only its exit code is left.
[[nodiscard]] std::optional<ProcessUsage> usage_of(pid_t pid);

struct StartOptions {
    std::vector<std::string> arguments;  ///< the program first, by path
    std::filesystem::path output;        ///< emptied first
    std::filesystem::path log;           ///< standard error, appended
    bool detached = true;                ///< a session of its own: no Ctrl-C, no hang-up
};

/// @error for a person
[[nodiscard]] Fallible<ProcessId> start(const StartOptions& options);

/// How a child of ours ended, "exit code 1" or "signal 9"; nothing while it runs or if it is none.
[[nodiscard]] std::optional<std::string> ending_of(pid_t pid);

struct Finished {
    int code = 0;        ///< 128 + signal if killed
    std::string output;  ///< standard output and error, the first 64 KiB
};

/// Runs a program to its end. @error if it cannot be started
[[nodiscard]] Fallible<Finished> run_program(const std::vector<std::string>& arguments);

/// The program of this name in $PATH; nothing if there is none.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

/// The file that this process runs.
[[nodiscard]] std::filesystem::path own_program();

}  // namespace polis::tools::devnet
