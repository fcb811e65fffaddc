#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <ledger/store/key_value.hpp>

/// What the tests of the stores share.
namespace polis::ledger::testing {

/// A fresh directory, removed with everything in it at the end.
class TempDir {
  public:
    TempDir();
    ~TempDir();

    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

using Rows = std::map<std::string, std::string>;

[[nodiscard]] Bytes bytes_of(std::string_view text);

/// A batch of puts, in the order of the keys.
[[nodiscard]] WriteBatch batch_of(const Rows& rows);

/// The rows in [first, last); fails the test on an error.
[[nodiscard]] Rows rows_between(
    const KeyValueStore& store, std::string_view first, std::string_view last);

[[nodiscard]] Rows all_rows(const KeyValueStore& store);

/// The value as text, "(none)" when the key is absent, "(error)" and a failed test otherwise.
[[nodiscard]] std::string value_of(const KeyValueStore& store, std::string_view key);

}  // namespace polis::ledger::testing
