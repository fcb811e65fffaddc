#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <ledger/store/key_value.hpp>
#include <tests/support/temp_dir.hpp>

/// What the tests of the stores share.
namespace polis::ledger::testing {

using polis::testing::TempDir;

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

/// The batches that every sweep writes, and the state after each of them.
///
/// Batch i sets a counter, a text derived from it and one of 12 rows, and deletes another row: the
/// rows of a store equal state_after(j) for some j, or a batch was applied by halves.
class ReferenceRun {
  public:
    ReferenceRun(std::size_t batch_count, std::size_t value_bytes);

    [[nodiscard]] std::size_t batch_count() const { return batches_.size() - 1; }

    /// @pre 1 <= index <= batch_count()
    [[nodiscard]] const WriteBatch& batch(std::size_t index) const { return batches_[index]; }

    /// @pre index <= batch_count()
    [[nodiscard]] const Rows& state_after(std::size_t index) const { return states_[index]; }

    /// The j for which the store holds state_after(j); nothing and a failed test if there is none.
    [[nodiscard]] std::optional<std::size_t> find_state(const KeyValueStore& store) const;

    /// The same for rows already read, without failing the test.
    [[nodiscard]] std::optional<std::size_t> find_state(const Rows& rows) const;

  private:
    std::vector<WriteBatch> batches_;  ///< the first is empty
    std::vector<Rows> states_;
};

/// An endless run like ReferenceRun: the batch with this number, counted from 1.
[[nodiscard]] WriteBatch kill_batch(std::uint64_t number);

/// The rows after all batches up to this number.
[[nodiscard]] Rows kill_state(std::uint64_t number);

}  // namespace polis::ledger::testing
