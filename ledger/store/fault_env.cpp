#include <ledger/store/fault_env.hpp>

#include <utility>

#include <leveldb/env.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>

#include <core/check.hpp>
#include <ledger/store/fault_disk.hpp>

namespace polis::ledger {

namespace {

using leveldb::Slice;
using leveldb::Status;

class FaultSequentialFile final : public leveldb::SequentialFile {
  public:
    FaultSequentialFile(const FaultDisk& disk, FileId id) : disk_(disk), id_(id) {}

    Status Read(std::size_t count, Slice* result, char* scratch) override {
        const Status status = disk_.read(id_, offset_, count, result, scratch);
        if (status.ok()) {
            offset_ += result->size();
        }
        return status;
    }

    Status Skip(std::uint64_t count) override {
        offset_ += count;
        return Status::OK();
    }

  private:
    const FaultDisk& disk_;
    const FileId id_;
    std::uint64_t offset_ = 0;
};

class FaultRandomAccessFile final : public leveldb::RandomAccessFile {
  public:
    FaultRandomAccessFile(const FaultDisk& disk, FileId id) : disk_(disk), id_(id) {}

    Status Read(
        std::uint64_t offset, std::size_t count, Slice* result, char* scratch) const override {
        return disk_.read(id_, offset, count, result, scratch);
    }

  private:
    const FaultDisk& disk_;
    const FileId id_;
};

class FaultWritableFile final : public leveldb::WritableFile {
  public:
    FaultWritableFile(FaultDisk& disk, FileId id) : disk_(disk), id_(id) {}

    Status Append(const Slice& data) override { return disk_.append(id_, data); }

    Status Flush() override { return disk_.flush(id_); }

    Status Sync() override { return disk_.sync(id_); }

    Status Close() override { return disk_.flush(id_); }

  private:
    FaultDisk& disk_;
    const FileId id_;
};

class FaultLock final : public leveldb::FileLock {
  public:
    explicit FaultLock(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    const std::string name_;
};

}  // namespace

/// Threads come from the real system; time stands still and sleeping takes none.
class FaultFileSystem::FileEnv final : public leveldb::EnvWrapper {
  public:
    explicit FileEnv(FaultDisk& disk) : EnvWrapper(leveldb::Env::Default()), disk_(disk) {}

    Status NewSequentialFile(const std::string& name, leveldb::SequentialFile** result) override {
        *result = nullptr;
        FileId id = 0;
        const Status status = disk_.open(name, id);
        if (status.ok()) {
            *result = new FaultSequentialFile(disk_, id);
        }
        return status;
    }

    Status NewRandomAccessFile(
        const std::string& name, leveldb::RandomAccessFile** result) override {
        *result = nullptr;
        FileId id = 0;
        const Status status = disk_.open(name, id);
        if (status.ok()) {
            *result = new FaultRandomAccessFile(disk_, id);
        }
        return status;
    }

    Status NewWritableFile(const std::string& name, leveldb::WritableFile** result) override {
        *result = nullptr;
        FileId id = 0;
        const Status status = disk_.create(name, id);
        if (status.ok()) {
            *result = new FaultWritableFile(disk_, id);
        }
        return status;
    }

    Status NewAppendableFile(const std::string& name, leveldb::WritableFile** result) override {
        *result = nullptr;
        return Status::NotSupported(name, "appending is not used");
    }

    bool FileExists(const std::string& name) override { return disk_.exists(name); }

    Status GetChildren(const std::string& dir, std::vector<std::string>* result) override {
        return disk_.children(dir, *result);
    }

    Status RemoveFile(const std::string& name) override { return disk_.remove(name); }

    Status CreateDir(const std::string& dir) override { return disk_.create_directory(dir); }

    Status RemoveDir(const std::string& dir) override {
        return Status::NotSupported(dir, "directories are not removed");
    }

    Status GetFileSize(const std::string& name, std::uint64_t* size) override {
        return disk_.size(name, *size);
    }

    Status RenameFile(const std::string& from, const std::string& to) override {
        return disk_.rename(from, to);
    }

    Status LockFile(const std::string& name, leveldb::FileLock** lock) override {
        *lock = nullptr;
        const Status status = disk_.lock(name);
        if (status.ok()) {
            *lock = new FaultLock(name);
        }
        return status;
    }

    Status UnlockFile(leveldb::FileLock* lock) override {
        const std::unique_ptr<FaultLock> held(static_cast<FaultLock*>(lock));
        return disk_.unlock(held->name());
    }

    std::uint64_t NowMicros() override { return 0; }

    void SleepForMicroseconds(int /*micros*/) override {}

  private:
    FaultDisk& disk_;
};

FaultFileSystem::FaultFileSystem(std::uint64_t seed)
    : FaultFileSystem(std::make_unique<FaultDisk>(seed)) {}

FaultFileSystem::FaultFileSystem(std::unique_ptr<FaultDisk> disk)
    : disk_(std::move(disk)), env_(std::make_unique<FileEnv>(*disk_)) {}

FaultFileSystem::~FaultFileSystem() = default;

void FaultFileSystem::inject(const FileFaultPlan& plan) { disk_->inject(plan); }

void FaultFileSystem::crash() { disk_->crash(); }

std::unique_ptr<FaultFileSystem> FaultFileSystem::after_power_loss(
    PowerLoss loss, std::uint64_t seed) const {
    return std::unique_ptr<FaultFileSystem>(
        new FaultFileSystem(disk_->after_power_loss(loss, seed)));
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::after_process_end() const {
    return std::unique_ptr<FaultFileSystem>(new FaultFileSystem(disk_->after_process_end()));
}

void FaultFileSystem::flip_bit(const std::string& name, std::uint64_t bit) {
    disk_->change(name, [bit](std::string& data) {
        POLIS_ASSERT_OP(bit / 8, <, data.size());
        char& byte = data[static_cast<std::size_t>(bit / 8)];
        byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    });
}

void FaultFileSystem::overwrite(const std::string& name, std::size_t offset, ByteView bytes) {
    disk_->change(name, [offset, bytes](std::string& data) {
        POLIS_ASSERT_OP(offset + bytes.size(), <=, data.size());
        data.replace(offset, bytes.size(), as_text(bytes));
    });
}

void FaultFileSystem::truncate(const std::string& name, std::size_t size) {
    disk_->change(name, [size](std::string& data) {
        POLIS_ASSERT_OP(size, <=, data.size());
        data.resize(size);
    });
}

void FaultFileSystem::lose(const std::string& name) { disk_->lose(name); }

std::uint64_t FaultFileSystem::calls() const { return disk_->calls(); }

bool FaultFileSystem::fired() const { return disk_->fired(); }

std::vector<std::string> FaultFileSystem::files() const { return disk_->files(); }

Bytes FaultFileSystem::content(const std::string& name) const {
    const std::string data = disk_->content(name);
    return to_bytes(as_bytes(data));
}

leveldb::Env* FaultFileSystem::env() { return env_.get(); }

leveldb::Status FaultFileSystem::sync_directory(const std::string& dir) {
    return disk_->sync_directory(dir);
}

}  // namespace polis::ledger
