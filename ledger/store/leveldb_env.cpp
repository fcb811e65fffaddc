#include <ledger/store/leveldb_env.hpp>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <leveldb/slice.h>
#include <pthread.h>
#include <unistd.h>

#include <core/file_descriptor.hpp>
#include <ledger/store/leveldb_check.hpp>

namespace polis::ledger {

namespace {

using leveldb::Status;

Status system_error(const std::string& name, int error_number) {
    const std::string reason = std::generic_category().message(error_number);
    return error_number == ENOENT ? Status::NotFound(name, reason) : Status::IOError(name, reason);
}

/// Read-only access by pread; safe from several threads.
class ReadOnlyFile final : public leveldb::RandomAccessFile {
  public:
    ReadOnlyFile(std::string name, int fd) : name_(std::move(name)), fd_(fd) {}

    Status Read(std::uint64_t offset, std::size_t count, leveldb::Slice* result, char* scratch)
        const override {
        std::size_t done = 0;
        while (done < count) {
            const ::ssize_t read = ::pread(
                fd_.get(), scratch + done, count - done, static_cast<::off_t>(offset + done));
            if (read < 0 && errno == EINTR) {
                continue;
            }
            if (read < 0) {
                return system_error(name_, errno);
            }
            if (read == 0) {
                break;
            }
            done += static_cast<std::size_t>(read);
        }
        *result = leveldb::Slice(scratch, done);
        return Status::OK();
    }

  private:
    const std::string name_;
    const FileDescriptor fd_;
};

/// Work for the thread of compactions.
struct Background {
    void (*work)(void*);
    void* argument;

    static void run(void* self) {
        const std::unique_ptr<Background> background(static_cast<Background*>(self));
        ::pthread_setname_np(::pthread_self(), "store");
        background->work(background->argument);
    }
};

class DiskEnv final : public leveldb::EnvWrapper {
  public:
    DiskEnv() : EnvWrapper(leveldb::Env::Default()) {}

    Status NewRandomAccessFile(
        const std::string& name, leveldb::RandomAccessFile** result) override {
        *result = nullptr;
        const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            return system_error(name, errno);
        }
        *result = new ReadOnlyFile(name, fd);
        return Status::OK();
    }

    void Schedule(void (*work)(void*), void* argument) override {
        target()->Schedule(&Background::run, new Background{work, argument});
    }
};

bool is_log(const std::string& name) { return name.ends_with(".log"); }

/// Passes writes through and keeps the promises of CheckedEnv.
class CheckedFile final : public leveldb::WritableFile {
  public:
    CheckedFile(CheckedEnv& env, std::unique_ptr<leveldb::WritableFile> file, bool sync_at_end)
        : env_(env), file_(std::move(file)), sync_at_end_(sync_at_end) {}

    /// LevelDB ends a log by deleting it, and starts to write to the next one afterwards.
    ~CheckedFile() override {
        if (sync_at_end_ && unsynced_) {
            Sync();  // a failure stays with the environment and fails the next sync
        }
    }

    CheckedFile(const CheckedFile&) = delete;
    CheckedFile& operator=(const CheckedFile&) = delete;

    Status Append(const leveldb::Slice& data) override {
        unsynced_ = true;
        return env_.noted(file_->Append(data));
    }

    Status Close() override { return env_.noted(file_->Close()); }

    Status Flush() override { return env_.noted(file_->Flush()); }

    Status Sync() override {
        Status status = env_.sync_entries();
        if (status.ok()) {
            status = env_.sync(*file_);
        }
        unsynced_ = !status.ok();
        return status;
    }

  private:
    CheckedEnv& env_;
    const std::unique_ptr<leveldb::WritableFile> file_;
    const bool sync_at_end_;
    bool unsynced_ = false;
};

}  // namespace

std::string directory_of(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : name.substr(0, slash);
}

Status sync_directory_on_disk(const std::string& dir) {
    const FileDescriptor fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
        return system_error(dir, errno);
    }
    return Status::OK();
}

std::unique_ptr<leveldb::Env> make_disk_env() { return std::make_unique<DiskEnv>(); }

CheckedEnv::CheckedEnv(leveldb::Env* base, SyncDirectory sync_directory, AroundSync around_sync)
    : EnvWrapper(base),
      sync_directory_(std::move(sync_directory)),
      around_sync_(std::move(around_sync)) {}

Status CheckedEnv::NewRandomAccessFile(
    const std::string& name, leveldb::RandomAccessFile** result) {
    *result = nullptr;
    std::uint64_t size = 0;
    if (const Status status = target()->GetFileSize(name, &size); !status.ok()) {
        return status;
    }
    leveldb::RandomAccessFile* opened = nullptr;
    if (const Status status = target()->NewRandomAccessFile(name, &opened); !status.ok()) {
        return status;
    }
    std::unique_ptr<leveldb::RandomAccessFile> file(opened);
    if (const Status status = check_table_footer(*file, name, size); !status.ok()) {
        return status;
    }
    *result = file.release();
    return Status::OK();
}

Status CheckedEnv::NewWritableFile(const std::string& name, leveldb::WritableFile** result) {
    *result = nullptr;
    leveldb::WritableFile* opened = nullptr;
    if (Status status = noted(target()->NewWritableFile(name, &opened)); !status.ok()) {
        return status;
    }
    mark_changed(name);
    *result = new CheckedFile(
        *this, std::unique_ptr<leveldb::WritableFile>(opened), /*sync_at_end=*/is_log(name));
    return Status::OK();
}

Status CheckedEnv::CreateDir(const std::string& dir) {
    const std::lock_guard lock(mutex_);
    creation_ = target()->CreateDir(dir);
    if (creation_.ok()) {
        changed_parent_ = directory_of(dir);
    }
    return creation_;
}

Status CheckedEnv::RenameFile(const std::string& from, const std::string& to) {
    if (Status status = noted(target()->RenameFile(from, to)); !status.ok()) {
        return status;
    }
    mark_changed(to);
    // The rename has happened whether or not it is durable: LevelDB must not undo it. A failure
    // stays here, keeps RemoveFile from deleting anything and fails the opening of the store.
    static_cast<void>(sync_entries());
    return Status::OK();
}

Status CheckedEnv::RemoveFile(const std::string& name) {
    {
        const std::lock_guard lock(mutex_);
        if (!failure_.ok()) {
            return failure_;
        }
    }
    return target()->RemoveFile(name);
}

Status CheckedEnv::LockFile(const std::string& name, leveldb::FileLock** lock) {
    if (const Status status = target()->LockFile(name, lock); !status.ok()) {
        // LevelDB ignores why the directory could not be created and sees it missing here.
        const std::lock_guard guard(mutex_);
        return status.IsNotFound() && !creation_.ok() ? creation_ : status;
    }
    const Status checked = check_directory(*target(), directory_of(name));
    if (!checked.ok()) {
        target()->UnlockFile(*lock);
        *lock = nullptr;
    }
    return checked;
}

Status CheckedEnv::sync_entries() {
    const std::lock_guard lock(mutex_);
    for (std::string* dir : {&changed_parent_, &changed_dir_}) {
        if (failure_.ok() && !dir->empty()) {
            failure_ = sync_directory_(*dir);
            dir->clear();
        }
    }
    return failure_;
}

Status CheckedEnv::sync(leveldb::WritableFile& file) {
    Status status;
    const auto sync = [&file, &status] { status = file.Sync(); };
    if (around_sync_) {
        around_sync_(sync);
    } else {
        sync();
    }
    return noted(std::move(status));
}

Status CheckedEnv::noted(Status status) {
    if (!status.ok()) {
        const std::lock_guard lock(mutex_);
        if (failure_.ok()) {
            failure_ = status;
        }
    }
    return status;
}

void CheckedEnv::mark_changed(const std::string& name) {
    const std::lock_guard lock(mutex_);
    changed_dir_ = directory_of(name);
}

}  // namespace polis::ledger
