#pragma once

#include <cstddef>
#include <filesystem>
#include <utility>

#include <core/bytes.hpp>
#include <tools/failure.hpp>

namespace polis::tools::vmtool {

/// A file that somebody names, or - for standard input.
/// @error kUsage if it cannot be read, is a folder or has more than `bytes_max` bytes
[[nodiscard]] Fallible<Bytes> read_file(const std::filesystem::path& file, std::size_t bytes_max);

/// A folder of its own under the system's for temporary files, removed with all in it at the end.
class TemporaryFolder {
  public:
    /// @error if it cannot be made
    [[nodiscard]] static Fallible<TemporaryFolder> create();

    TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}

    std::filesystem::path path_;
};

}  // namespace polis::tools::vmtool
