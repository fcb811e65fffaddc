#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <core/bytes.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/memory_store.hpp>
#include <ledger/store/rows.hpp>

namespace polis::tools {

/// A row that the store holds in another form than execution writes it.
struct RowMismatch {
    std::string row;
    std::string expected;
    std::string found;
};

/// Takes the writes of a chain that is executed again and compares them with an original.
///
/// Rows of blocks and indexes are compared at once and forgotten; the state, which changes, and the
/// few fixed rows are kept and compared by finish(). One thread.
class ComparingStore final : public ledger::KeyValueStore {
  public:
    /// @pre `original` outlives this and does not change
    explicit ComparingStore(const ledger::KeyValueStore& original) : original_(original) {}

    [[nodiscard]] ledger::StoreResult<std::optional<Bytes>> get(ByteView key) const override {
        return kept_.get(key);
    }

    [[nodiscard]] ledger::StoreResult<void> scan(
        ByteView first, ByteView last, const ledger::ScanVisitor& visit) const override {
        return kept_.scan(first, last, visit);
    }

    [[nodiscard]] ledger::StoreResult<void> write(
        const ledger::WriteBatch& batch, ledger::Durability durability) override;

    [[nodiscard]] std::uint64_t size_bytes() const override { return kept_.size_bytes(); }

    /// The first difference so far.
    [[nodiscard]] const std::optional<RowMismatch>& mismatch() const { return mismatch_; }

    /// Compares what was kept, and finds rows of the original that nothing wrote. Left out are
    /// snapshots, which are copies of a state and checked by whoever loads one, and what only this
    /// node has: its vote record and pending blocks.
    /// @return how many rows are equal; see mismatch(). @error of the original
    [[nodiscard]] ledger::StoreResult<std::uint64_t> finish();

  private:
    ledger::StoreResult<void> compare(ByteView key, std::optional<ByteView> value);
    void note(ByteView key, std::optional<ByteView> expected, std::optional<ByteView> found);

    const ledger::KeyValueStore& original_;
    ledger::MemoryStore kept_;
    bool genesis_written_ = false;  ///< what comes before its end is kept, to be read back
    std::uint64_t equal_rows_ = 0;  ///< of those that were not kept
    std::optional<RowMismatch> mismatch_;
};

}  // namespace polis::tools
