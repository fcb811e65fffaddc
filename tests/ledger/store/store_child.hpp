#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// Child processes for tests of locks, kills and permissions: this test binary, started again with
/// a hidden first argument, does one thing and reports over a pipe.
namespace polis::ledger::testing {

/// The hidden first argument.
inline constexpr const char* kChildFlag = "--store-child";

/// What a child does with a directory.
///   hold   opens the store, reports "open", waits until its input closes
///   open   opens the store, reports "open" or the code and context of the error
///   nobody the same as another user without rights
///   full   mounts a file system of 1 MiB over the directory and writes until a write fails
///   write  writes batches of the reference run in a circle, reports each acknowledged number
int run_child(const std::vector<std::string>& arguments);

/// A running child. Killed and waited for at the end if that has not happened before.
class Child {
  public:
    Child(const std::string& task, const std::string& dir);
    ~Child();

    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// The next line that it reports, nothing at the end.
    [[nodiscard]] std::optional<std::string> read_line();

    void close_input();
    void kill();
    /// @return the exit status, or minus the signal
    int wait();

  private:
    ::pid_t pid_ = -1;
    int to_child_ = -1;
    int from_child_ = -1;
    std::string buffer_;
};

}  // namespace polis::ledger::testing
