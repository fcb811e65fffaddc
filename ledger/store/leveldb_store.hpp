#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include <ledger/store/key_value.hpp>

namespace polis::ledger {

class FaultFileSystem;

/// How to open a LevelDB directory. The defaults are what a node uses.
struct LevelDbOptions {
    bool create_if_missing = true;
    std::size_t cache_bytes = std::size_t{64} << 20;  ///< uncompressed blocks of tables
    /// A log grows to about this size. With 16 MiB, compactions take a tenth of the speed of full
    /// blocks.
    std::size_t write_buffer_bytes = std::size_t{32} << 20;
    int bloom_bits_per_key = 10;  ///< 0: no filters
    int open_files_max = 500;
    bool verify_checksums = true;  ///< on open, in every read and in every compaction
    bool compression = false;      ///< snappy: 29 % less space, 11 % slower full blocks
    /// Called instead of each sync of a file, on the thread that waits for it, and must call it
    /// once: for whoever measures how long they take. May be empty.
    std::function<void(const std::function<void()>& sync)> around_sync = {};
    FaultFileSystem* file_system = nullptr;  ///< tests: LevelDB runs over it instead of the disk
};

/// Opens, or creates, the LevelDB store in `dir`; one store per directory, in one process and
/// across processes.
///
/// A failed write or sync halts the store, and so does a read that meets damaged data: nothing is
/// served after a checksum mismatch. A read that fails with kIo does not halt it. A synced write
/// covers every write before it, buffered ones too, in their order.
///
/// One changed bit in any file is either harmless or an error that names the file. What no check of
/// the files can notice is that whole batches at the end of the log are gone: the log was cut
/// between two records, noise covers the start of its last record, or the directory is an older
/// copy. The rows are then those of an earlier moment, complete and consistent. The layer above
/// must compare its head with what is recorded elsewhere (vote record, input log, peers).
///
/// @pre    with `file_system`: it outlives the store.
/// @error  kNotFound  no store here and create_if_missing is false, or the parent is missing
/// @error  kLocked    this or another process has it open
/// @error  kCorrupt   a file of the store is damaged or missing; the context names it
/// @error  kNoSpace   the disk is full
/// @error  kIo        not a directory, no permission, or another failure of the system
/// @error  kWrongSchema  a LevelDB store with another key order, not written by this program
[[nodiscard]] StoreResult<std::unique_ptr<KeyValueStore>> open_leveldb(
    const std::filesystem::path& dir, const LevelDbOptions& options = {});

}  // namespace polis::ledger
