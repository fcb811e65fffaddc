#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/result.hpp>

namespace polis::ledger {

enum class StoreErrc : std::uint8_t {
    kNotFound,     ///< there is no store at this place
    kLocked,       ///< another process has it open
    kCorrupt,      ///< a checksum, hash or format does not match: the data is not served
    kNoSpace,      ///< the disk is full
    kIo,           ///< any other failure of the operating system
    kHalted,       ///< an earlier write or sync failed; the store must be reopened
    kWrongSchema,  ///< written by another version of the program
    kWrongChain,   ///< holds the blocks of another genesis
};

std::string_view to_string(StoreErrc code);

/// What went wrong and where (file, key, height), for a person.
struct StoreError {
    StoreErrc code;
    std::string context;
};

template <class T>
using StoreResult = Result<T, StoreError>;

/// Puts and deletes that take effect together or not at all, in the order in which they were added.
///
/// All bytes lie in one buffer: a block writes tens of thousands of short rows, and an allocation
/// for each would cost more than the rows themselves.
class WriteBatch {
  public:
    /// Pieces that are joined into one key or value.
    using Pieces = std::initializer_list<ByteView>;

    void put(ByteView key, ByteView value) { put({key}, {value}); }

    void put(Pieces key, Pieces value);
    void remove(ByteView key);

    /// Calls `visit(key, value)` for each operation in order; no value means that the key goes.
    template <class Visit>
    void visit(Visit&& visit) const {
        for (const Operation& operation : operations_) {
            const ByteView bytes = ByteView{bytes_}.subspan(operation.begin);
            const ByteView key = bytes.first(operation.key_bytes);
            visit(
                key,
                operation.removes ? std::optional<ByteView>{}
                                  : bytes.subspan(operation.key_bytes, operation.value_bytes));
        }
    }

    [[nodiscard]] std::size_t count() const { return operations_.size(); }

    [[nodiscard]] bool empty() const { return operations_.empty(); }

  private:
    struct Operation {
        std::size_t begin;
        std::uint32_t key_bytes;
        std::uint32_t value_bytes;
        bool removes;
    };

    Bytes bytes_;
    std::vector<Operation> operations_;
};

enum class Durability : std::uint8_t {
    kBuffered,  ///< survives a crash of the process, perhaps not of the machine
    kSynced,    ///< on the medium before the call returns
};

/// Called with each key and value in key order; returns false to stop early.
using ScanVisitor = std::function<bool(ByteView key, ByteView value)>;

/// An ordered map of bytes with atomic batches: LevelDB, memory, or a twin that injects faults.
///
/// A failed write or sync halts the store: later calls answer kHalted, because after a failed fsync
/// nobody knows what the medium holds (reliability.md, block store). Reads are safe from several
/// threads; writes come from one.
class KeyValueStore {
  public:
    virtual ~KeyValueStore() = default;

    /// @return the value, nothing if the key is absent. @error kCorrupt, kIo, kHalted
    [[nodiscard]] virtual StoreResult<std::optional<Bytes>> get(ByteView key) const = 0;

    /// Visits the keys in [first, last) of one consistent moment, in order.
    /// An empty `last` means up to the end. @error kCorrupt, kIo, kHalted
    [[nodiscard]] virtual StoreResult<void> scan(
        ByteView first, ByteView last, const ScanVisitor& visit) const = 0;

    /// Applies the batch atomically. @error kNoSpace, kIo, kCorrupt, kHalted
    [[nodiscard]] virtual StoreResult<void> write(
        const WriteBatch& batch, Durability durability) = 0;

    /// Rough number of bytes on the medium.
    [[nodiscard]] virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace polis::ledger
