#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <vector>

#include <core/bytes.hpp>
#include <core/random.hpp>
#include <ledger/store/halt_latch.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/memory_store.hpp>

namespace polis::ledger {

enum class StoreFault : std::uint8_t {
    kIo,          ///< the call fails with kIo; a write changes nothing
    kNoSpace,     ///< the next write fails with kNoSpace and changes nothing
    kFailedSync,  ///< the next synced write fails; its batch may or may not survive
    kCrash,       ///< the power fails during the call
    kFlipRead,    ///< one bit of the next value that a read returns is inverted
    kFlipStored,  ///< one bit of a stored value is inverted for good
};

/// Which call fails: every get, scan and write counts, from 1. A fault that cannot strike that call
/// strikes the next one that it can.
struct StoreFaultPlan {
    std::uint64_t call = 0;
    StoreFault fault = StoreFault::kIo;
};

/// What is left of batches that were never synced.
enum class BatchLoss : std::uint8_t {
    kDropsUnsynced,   ///< none of them
    kKeepsSomePrefix  ///< the first ones, a seeded number; never a part of one
};

/// The twin for simulators: a map in memory that knows what a power loss would leave, and fails on
/// command. It keeps the contract of every store (a batch is atomic, a failed write halts) and
/// never serves a damaged value knowingly: flips are what the layer above must notice by its
/// hashes.
///
/// One seed and one sequence of calls give one result.
class FaultStore final : public KeyValueStore {
  public:
    explicit FaultStore(std::uint64_t seed, MemoryImage image = {});

    /// Arms one fault, in place of an earlier one.
    void inject(const StoreFaultPlan& plan);

    /// The power fails: every later call answers kHalted.
    void crash();

    [[nodiscard]] StoreResult<std::optional<Bytes>> get(ByteView key) const override;
    [[nodiscard]] StoreResult<void> scan(
        ByteView first, ByteView last, const ScanVisitor& visit) const override;
    [[nodiscard]] StoreResult<void> write(const WriteBatch& batch, Durability durability) override;
    [[nodiscard]] std::uint64_t size_bytes() const override;

    /// What a new store starts with after a power loss now; seeded by `seed`.
    [[nodiscard]] MemoryImage surviving_image(BatchLoss loss, std::uint64_t seed) const;

    [[nodiscard]] std::uint64_t calls() const;
    [[nodiscard]] bool fired() const;  ///< the armed fault has struck

  private:
    [[nodiscard]] bool strikes(StoreFault fault) const;
    [[nodiscard]] std::unexpected<StoreError> halted_by(StoreErrc code, const char* what) const;
    [[nodiscard]] StoreResult<void> begin_call() const;
    [[nodiscard]] StoreResult<void> begin_read() const;
    [[nodiscard]] static WriteBatch replaced(
        const WriteBatch& batch, ByteView key, ByteView old_value, ByteView new_value);
    void flip_stored() const;
    [[nodiscard]] Bytes flipped(Bytes value) const;

    mutable HaltLatch latch_;
    mutable std::mutex mutex_;  ///< guards everything below
    mutable MemoryStore visible_;
    mutable MemoryImage durable_;
    mutable std::vector<WriteBatch> unsynced_;  ///< seen by readers, or in flight at the crash
    mutable Random random_;
    mutable std::optional<StoreFaultPlan> plan_;
    mutable std::uint64_t calls_ = 0;
    mutable bool fired_ = false;
};

}  // namespace polis::ledger
