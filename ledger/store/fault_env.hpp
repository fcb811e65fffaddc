#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <core/bytes.hpp>

namespace leveldb {
class Env;
class Status;
}  // namespace leveldb

namespace polis::ledger {

class FaultDisk;

enum class FileFault : std::uint8_t {
    kIo,          ///< the call fails with EIO and changes nothing
    kNoSpace,     ///< the call fails with ENOSPC and changes nothing
    kShortWrite,  ///< the next append writes a part and fails with ENOSPC
    kFailedSync,  ///< the next sync of a file or directory fails; see below
    kCrash,       ///< the power fails during the call: see crash()
};

/// Which call fails. Calls that change something count from 1: create, append, flush, sync, close,
/// rename, remove, create directory, sync directory.
struct FileFaultPlan {
    std::uint64_t call = 0;
    FileFault fault = FileFault::kIo;
};

/// What is left of data that was never synced.
enum class PowerLoss : std::uint8_t {
    kDropsUnsynced,  ///< nothing
    kTearsUnsynced,  ///< of each file a prefix of random length; each new name stays or goes
};

/// A file system in memory that remembers what a power loss would leave, and fails on command:
/// LevelDB runs over it in tests and simulations (LevelDbOptions::file_system).
///
/// Durability is strict POSIX: fsync makes the bytes of a file durable and says nothing of its
/// name; a created, renamed or removed name is durable after a sync of its directory. After a
/// failed fsync the unsynced bytes can still be read, but no later fsync makes them durable (ext4,
/// XFS and Btrfs mark the pages clean: Rebello et al., ATC'20).
///
/// One seed and one sequence of calls give one result. Safe from several threads; with background
/// compactions the order of calls is up to the scheduler.
class FaultFileSystem {
  public:
    explicit FaultFileSystem(std::uint64_t seed);
    ~FaultFileSystem();

    FaultFileSystem(const FaultFileSystem&) = delete;
    FaultFileSystem& operator=(const FaultFileSystem&) = delete;

    /// Arms one fault, in place of an earlier one.
    void inject(const FileFaultPlan& plan);

    /// The power fails: every later call answers EIO.
    void crash();

    /// The file system that the machine finds when the power is back, seeded by `seed`.
    /// Callable at any time; a store may still be open on this one.
    [[nodiscard]] std::unique_ptr<FaultFileSystem> after_power_loss(
        PowerLoss loss, std::uint64_t seed) const;

    /// The same without a loss: the process has ended, the machine has not.
    [[nodiscard]] std::unique_ptr<FaultFileSystem> after_process_end() const;

    /// Inverts one bit of a file, on the medium and in memory. @pre bit < 8 * its size
    void flip_bit(const std::string& name, std::uint64_t bit);

    /// Replaces bytes, on the medium and in memory. @pre the range lies within the file
    void overwrite(const std::string& name, std::size_t offset, ByteView bytes);

    /// Keeps the first `size` bytes, durably. @pre size <= its size
    void truncate(const std::string& name, std::size_t size);

    /// Removes a name, durably.
    void lose(const std::string& name);

    [[nodiscard]] std::uint64_t calls() const;
    [[nodiscard]] bool fired() const;  ///< the armed fault has struck
    [[nodiscard]] std::vector<std::string> files() const;
    [[nodiscard]] Bytes content(const std::string& name) const;

    /// For LevelDB; lives as long as this object.
    [[nodiscard]] leveldb::Env* env();
    leveldb::Status sync_directory(const std::string& dir);

  private:
    class FileEnv;

    explicit FaultFileSystem(std::unique_ptr<FaultDisk> disk);

    std::unique_ptr<FaultDisk> disk_;
    std::unique_ptr<FileEnv> env_;
};

}  // namespace polis::ledger
