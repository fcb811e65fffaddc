#pragma once

#include <cstdint>
#include <functional>
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
class WriteBatch {
  public:
    struct Operation {
        Bytes key;
        std::optional<Bytes> value;  ///< nothing: delete the key
    };

    void put(Bytes key, Bytes value) { operations_.push_back({std::move(key), std::move(value)}); }

    void remove(Bytes key) { operations_.push_back({std::move(key), std::nullopt}); }

    void reserve(std::size_t count) { operations_.reserve(count); }

    [[nodiscard]] const std::vector<Operation>& operations() const { return operations_; }

    [[nodiscard]] bool empty() const { return operations_.empty(); }

  private:
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
