#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <leveldb/slice.h>
#include <leveldb/status.h>

#include <core/random.hpp>
#include <ledger/store/fault_env.hpp>

/// Private to FaultFileSystem: its state without the interface of LevelDB around it.
namespace polis::ledger {

using FileId = std::uint64_t;

/// The bytes of a file apart from its names, as an inode.
struct File {
    std::string data;
    std::size_t durable_bytes = 0;
    bool sync_broken = false;  ///< a sync has failed: no later one makes anything durable
};

/// What a name stands for now and after a power loss.
struct Entry {
    std::optional<FileId> now;
    std::optional<FileId> durable;
};

/// What kind of call a fault may strike.
enum class CallKind : std::uint8_t { kChange, kAppend, kSync };

/// Files, names and their durability; the first groups of functions are one system call each.
class FaultDisk {
  public:
    explicit FaultDisk(std::uint64_t seed) : random_(seed, "fault_file_system") {}

    leveldb::Status create(const std::string& name, FileId& out);
    leveldb::Status append(FileId id, const leveldb::Slice& data);
    leveldb::Status flush(FileId id);
    leveldb::Status sync(FileId id);
    leveldb::Status remove(const std::string& name);
    leveldb::Status rename(const std::string& from, const std::string& to);
    leveldb::Status create_directory(const std::string& dir);
    leveldb::Status sync_directory(const std::string& dir);
    leveldb::Status lock(const std::string& name);
    leveldb::Status unlock(const std::string& name);

    leveldb::Status open(const std::string& name, FileId& out) const;
    leveldb::Status read(
        FileId id,
        std::uint64_t offset,
        std::size_t count,
        leveldb::Slice* out,
        char* scratch) const;
    leveldb::Status size(const std::string& name, std::uint64_t& out) const;
    leveldb::Status children(const std::string& dir, std::vector<std::string>& out) const;
    [[nodiscard]] bool exists(const std::string& name) const;

    void inject(const FileFaultPlan& plan);
    void crash();
    void change(const std::string& name, const std::function<void(std::string&)>& edit);
    void lose(const std::string& name);
    [[nodiscard]] std::unique_ptr<FaultDisk> after_power_loss(
        PowerLoss loss, std::uint64_t seed) const;
    [[nodiscard]] std::unique_ptr<FaultDisk> after_process_end() const;

    [[nodiscard]] std::uint64_t calls() const;
    [[nodiscard]] bool fired() const;
    [[nodiscard]] std::vector<std::string> files() const;
    [[nodiscard]] std::string content(const std::string& name) const;

  private:
    [[nodiscard]] std::optional<FileFault> next_call(CallKind kind);
    [[nodiscard]] leveldb::Status change_status(const std::string& name, CallKind kind);
    [[nodiscard]] std::optional<FileId> find(const std::string& name) const;
    void add_survivor(const std::string& name, File file);

    mutable std::mutex mutex_;      ///< guards everything below
    std::map<FileId, File> files_;  ///< also those without a name, which may still be open
    std::map<std::string, Entry> entries_;
    std::map<std::string, bool> directories_;  ///< and whether the name is durable
    std::set<std::string> locks_;
    FileId next_id_ = 1;
    Random random_;
    std::optional<FileFaultPlan> plan_;
    std::uint64_t calls_ = 0;
    bool fired_ = false;
    bool off_ = false;
};

}  // namespace polis::ledger
