#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <leveldb/env.h>
#include <leveldb/status.h>

/// Private to the LevelDB store: the file systems below it.
namespace polis::ledger {

/// The directory part of a file name: "." when it has none.
[[nodiscard]] std::string directory_of(const std::string& name);

/// Makes the entries of a directory durable, as fsync of the directory does.
using SyncDirectory = std::function<leveldb::Status(const std::string& dir)>;

/// Calls the sync of a file that it is given; see LevelDbOptions.
using AroundSync = std::function<void(const std::function<void()>& sync)>;

/// fsync of a real directory.
[[nodiscard]] leveldb::Status sync_directory_on_disk(const std::string& dir);

/// LevelDB's own POSIX files, but tables are read with pread: LevelDB maps them, and then a bad
/// sector kills the process with SIGBUS where a read answers EIO. The thread of compactions is
/// called "store", for whoever counts processor time by thread.
[[nodiscard]] std::unique_ptr<leveldb::Env> make_disk_env();

/// Adds what LevelDB 1.23 leaves out and a chain needs, over any file system:
///   - a sync of any file first makes durable the entries of all files created before. LevelDB
///     does so for the MANIFEST only, so a synced write to a new log could vanish with its file
///     name (ALICE, OSDI'14);
///   - CURRENT is durable before LevelDB deletes what the old one named;
///   - a log is synced before the next one starts: a synced write covers every write before it,
///     buffered ones too;
///   - after the first change that failed nothing is synced or deleted any more. LevelDB would go
///     on, and for one delete the MANIFEST that CURRENT already names;
///   - check_directory runs under the lock of the directory, check_table_footer when a table is
///     opened.
/// Serves one store directory, for one opening.
class CheckedEnv final : public leveldb::EnvWrapper {
  public:
    /// @pre `base` outlives this object.
    CheckedEnv(leveldb::Env* base, SyncDirectory sync_directory, AroundSync around_sync);

    leveldb::Status NewRandomAccessFile(
        const std::string& name, leveldb::RandomAccessFile** result) override;
    leveldb::Status NewWritableFile(
        const std::string& name, leveldb::WritableFile** result) override;
    leveldb::Status CreateDir(const std::string& dir) override;
    leveldb::Status RemoveFile(const std::string& name) override;
    leveldb::Status RenameFile(const std::string& from, const std::string& to) override;
    leveldb::Status LockFile(const std::string& name, leveldb::FileLock** lock) override;

    /// Makes every entry created so far durable. @return the first failure of any change
    [[nodiscard]] leveldb::Status sync_entries();

    /// Makes the content of a file durable. @return what the system says, noted
    [[nodiscard]] leveldb::Status sync(leveldb::WritableFile& file);

    /// Notes the outcome of a change and returns it.
    leveldb::Status noted(leveldb::Status status);

  private:
    void mark_changed(const std::string& name);

    const SyncDirectory sync_directory_;
    const AroundSync around_sync_;  ///< may be empty
    std::mutex mutex_;
    std::string changed_dir_;     ///< guarded by mutex_: has entries that are not durable
    std::string changed_parent_;  ///< guarded by mutex_: where the directory itself was created
    leveldb::Status failure_;     ///< guarded by mutex_
    leveldb::Status creation_;    ///< guarded by mutex_: of the directory, often "File exists"
};

}  // namespace polis::ledger
