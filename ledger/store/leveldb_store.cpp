#include <ledger/store/leveldb_store.hpp>

#include <cstdarg>
#include <expected>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <leveldb/cache.h>
#include <leveldb/db.h>
#include <leveldb/env.h>
#include <leveldb/filter_policy.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>
#include <leveldb/write_batch.h>

#include <core/bytes.hpp>
#include <ledger/store/fault_env.hpp>
#include <ledger/store/halt_latch.hpp>
#include <ledger/store/leveldb_check.hpp>
#include <ledger/store/leveldb_env.hpp>
#include <ledger/store/leveldb_status.hpp>

namespace polis::ledger {

namespace {

leveldb::Slice to_slice(ByteView bytes) {
    const std::string_view text = as_text(bytes);
    return {text.data(), text.size()};
}

ByteView to_view(const leveldb::Slice& slice) { return as_bytes({slice.data(), slice.size()}); }

/// LevelDB would keep a file LOG with wall-clock times in the directory; errors reach us as Status.
class NoLogger final : public leveldb::Logger {
  public:
    void Logv(const char* /*format*/, std::va_list /*arguments*/) override {}
};

/// What the open database borrows and needs until it is closed.
struct Borrowed {
    NoLogger logger;
    std::unique_ptr<leveldb::Cache> cache;
    std::unique_ptr<const leveldb::FilterPolicy> filter;
};

class LevelDbStore final : public KeyValueStore {
  public:
    LevelDbStore(std::string dir, const LevelDbOptions& options);

    LevelDbStore(const LevelDbStore&) = delete;
    LevelDbStore& operator=(const LevelDbStore&) = delete;

    [[nodiscard]] StoreResult<void> open();

    [[nodiscard]] StoreResult<std::optional<Bytes>> get(ByteView key) const override;
    [[nodiscard]] StoreResult<void> scan(
        ByteView first, ByteView last, const ScanVisitor& visit) const override;
    [[nodiscard]] StoreResult<void> write(const WriteBatch& batch, Durability durability) override;
    [[nodiscard]] std::uint64_t size_bytes() const override;

  private:
    [[nodiscard]] leveldb::ReadOptions read_options() const;
    [[nodiscard]] StoreError failed_read(const leveldb::Status& status) const;

    const std::string dir_;
    const LevelDbOptions options_;
    const std::unique_ptr<leveldb::Env> disk_;  ///< nothing over an injected file system
    const std::unique_ptr<CheckedEnv> env_;
    Borrowed borrowed_;
    mutable HaltLatch latch_;
    std::unique_ptr<leveldb::DB> db_;  ///< closed first: it uses everything above
};

std::unique_ptr<CheckedEnv> make_env(const LevelDbOptions& options, leveldb::Env* disk) {
    if (FaultFileSystem* files = options.file_system) {
        return std::make_unique<CheckedEnv>(
            files->env(),
            [files](const std::string& dir) { return files->sync_directory(dir); },
            options.around_sync);
    }
    return std::make_unique<CheckedEnv>(disk, sync_directory_on_disk, options.around_sync);
}

LevelDbStore::LevelDbStore(std::string dir, const LevelDbOptions& options)
    : dir_(std::move(dir)),
      options_(options),
      disk_(options.file_system == nullptr ? make_disk_env() : nullptr),
      env_(make_env(options, disk_.get())) {}

StoreResult<void> LevelDbStore::open() {
    leveldb::Options settings;
    settings.create_if_missing = options_.create_if_missing;
    settings.paranoid_checks = options_.verify_checksums;
    settings.env = env_.get();
    settings.info_log = &borrowed_.logger;
    settings.write_buffer_size = options_.write_buffer_bytes;
    settings.max_open_files = options_.open_files_max;
    settings.compression =
        options_.compression ? leveldb::kSnappyCompression : leveldb::kNoCompression;
    borrowed_.cache.reset(leveldb::NewLRUCache(options_.cache_bytes));
    settings.block_cache = borrowed_.cache.get();
    if (options_.bloom_bits_per_key > 0) {
        borrowed_.filter.reset(leveldb::NewBloomFilterPolicy(options_.bloom_bits_per_key));
        settings.filter_policy = borrowed_.filter.get();
    }
    leveldb::DB* db = nullptr;
    leveldb::Status status = leveldb::DB::Open(settings, dir_, &db);
    db_.reset(db);
    if (status.ok()) {
        status = env_->sync_entries();
    }
    if (!status.ok()) {
        return std::unexpected(store_error(status, {.name = "open", .dir = dir_}));
    }
    return {};
}

leveldb::ReadOptions LevelDbStore::read_options() const {
    leveldb::ReadOptions settings;
    settings.verify_checksums = options_.verify_checksums;
    return settings;
}

StoreError LevelDbStore::failed_read(const leveldb::Status& status) const {
    StoreError error = store_error(status, {.name = "read", .dir = dir_});
    if (error.code == StoreErrc::kCorrupt) {
        error.context += "; damaged: " + name_damaged_tables(*env_, dir_);
        latch_.halt(error);
    }
    return error;
}

StoreResult<std::optional<Bytes>> LevelDbStore::get(ByteView key) const {
    POLIS_TRY_VOID(latch_.check());
    std::string value;
    const leveldb::Status status = db_->Get(read_options(), to_slice(key), &value);
    if (status.ok()) {
        return to_bytes(as_bytes(value));
    }
    // LevelDB answers "NotFound: " with nothing behind it for an absent key; a file that is
    // missing carries its name.
    if (status.IsNotFound() && status.ToString() == "NotFound: ") {
        return std::nullopt;
    }
    return std::unexpected(failed_read(status));
}

StoreResult<void> LevelDbStore::scan(
    ByteView first, ByteView last, const ScanVisitor& visit) const {
    POLIS_TRY_VOID(latch_.check());
    leveldb::ReadOptions settings = read_options();
    settings.fill_cache = false;
    const std::unique_ptr<leveldb::Iterator> row(db_->NewIterator(settings));
    for (row->Seek(to_slice(first)); row->Valid(); row->Next()) {
        const ByteView key = to_view(row->key());
        if (!last.empty() && !less(key, last)) {
            break;
        }
        if (!visit(key, to_view(row->value()))) {
            break;
        }
    }
    if (const leveldb::Status status = row->status(); !status.ok()) {
        return std::unexpected(failed_read(status));
    }
    return {};
}

StoreResult<void> LevelDbStore::write(const WriteBatch& batch, Durability durability) {
    POLIS_TRY_VOID(latch_.check());
    leveldb::WriteBatch out;
    batch.visit([&out](ByteView key, std::optional<ByteView> value) {
        if (value) {
            out.Put(to_slice(key), to_slice(*value));
        } else {
            out.Delete(to_slice(key));
        }
    });
    leveldb::WriteOptions settings;
    settings.sync = durability == Durability::kSynced;
    if (const leveldb::Status status = db_->Write(settings, &out); !status.ok()) {
        const StoreError error = store_error(status, {.name = "write", .dir = dir_});
        latch_.halt(error);
        return std::unexpected(error);
    }
    return {};
}

std::uint64_t LevelDbStore::size_bytes() const {
    std::vector<std::string> names;
    if (!env_->GetChildren(dir_, &names).ok()) {
        return 0;
    }
    std::uint64_t bytes = 0;
    for (const std::string& name : names) {
        std::uint64_t file_bytes = 0;
        if (env_->GetFileSize(dir_ + "/" + name, &file_bytes).ok()) {
            bytes += file_bytes;
        }
    }
    return bytes;
}

/// LevelDB would answer each of these with the text of one failed system call; here is the cause.
StoreResult<void> check_place(const std::filesystem::path& dir, bool create) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::file_status place = fs::status(dir, ignored);
    if (fs::exists(place) && !fs::is_directory(place)) {
        return std::unexpected(
            StoreError{StoreErrc::kIo, dir.string() + " is not a directory: choose another path"});
    }
    if (fs::exists(place)) {
        return {};
    }
    if (!create) {
        return std::unexpected(StoreError{
            StoreErrc::kNotFound, "there is no store in " + dir.string() + ": check the path"});
    }
    const fs::path parent = dir.parent_path();
    if (!parent.empty() && !fs::exists(parent, ignored)) {
        return std::unexpected(StoreError{
            StoreErrc::kNotFound,
            "the directory " + parent.string() + " is missing: create it first"});
    }
    return {};
}

/// One spelling for one directory: LevelDB's lock table within a process compares names.
std::filesystem::path one_spelling(const std::filesystem::path& dir) {
    namespace fs = std::filesystem;
    std::error_code failed;
    fs::path path = fs::absolute(dir, failed);
    if (!failed) {
        path = fs::weakly_canonical(path, failed);
    }
    if (failed) {
        path = dir.lexically_normal();
    }
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

StoreResult<std::unique_ptr<KeyValueStore>> open_leveldb(
    const std::filesystem::path& dir, const LevelDbOptions& options) {
    const std::filesystem::path place = options.file_system == nullptr ? one_spelling(dir) : dir;
    if (options.file_system == nullptr) {
        POLIS_TRY_VOID(check_place(place, options.create_if_missing));
    }
    auto store = std::make_unique<LevelDbStore>(place.string(), options);
    POLIS_TRY_VOID(store->open());
    return store;
}

}  // namespace polis::ledger
