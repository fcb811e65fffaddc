#include <ledger/store/fault_disk.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <core/check.hpp>
#include <ledger/store/leveldb_env.hpp>

namespace polis::ledger {

namespace {

using leveldb::Slice;
using leveldb::Status;

Status failed(const std::string& name, int error_number) {
    const std::string reason = std::generic_category().message(error_number);
    return error_number == ENOENT ? Status::NotFound(name, reason) : Status::IOError(name, reason);
}

bool may_strike(FileFault fault, CallKind kind) {
    switch (fault) {
        case FileFault::kIo:
        case FileFault::kNoSpace:
        case FileFault::kCrash:
            return true;
        case FileFault::kShortWrite:
            return kind == CallKind::kAppend;
        case FileFault::kFailedSync:
            return kind == CallKind::kSync;
    }
    return false;
}

}  // namespace

/// Counts a call and takes the fault that strikes it.
std::optional<FileFault> FaultDisk::next_call(CallKind kind) {
    ++calls_;
    if (!plan_ || calls_ < plan_->call || !may_strike(plan_->fault, kind)) {
        return std::nullopt;
    }
    const FileFault fault = plan_->fault;
    plan_.reset();
    fired_ = true;
    off_ = off_ || fault == FileFault::kCrash;
    return fault;
}

/// The status of a call that is struck as a whole or not at all.
Status FaultDisk::change_status(const std::string& name, CallKind kind) {
    const std::optional<FileFault> fault = off_ ? std::nullopt : next_call(kind);
    if (off_) {
        return failed(name, EIO);
    }
    if (!fault) {
        return Status::OK();
    }
    return failed(name, fault == FileFault::kNoSpace ? ENOSPC : EIO);
}

std::optional<FileId> FaultDisk::find(const std::string& name) const {
    const auto entry = entries_.find(name);
    return entry == entries_.end() ? std::nullopt : entry->second.now;
}

Status FaultDisk::create(const std::string& name, FileId& out) {
    const std::lock_guard lock(mutex_);
    if (Status status = change_status(name, CallKind::kChange); !status.ok()) {
        return status;
    }
    if (!directories_.contains(directory_of(name))) {
        return failed(name, ENOENT);
    }
    out = next_id_++;
    files_.emplace(out, File{});
    entries_[name].now = out;
    return Status::OK();
}

/// A power loss or a short write in an append leaves a part of its bytes in the file.
Status FaultDisk::append(FileId id, const Slice& data) {
    const std::lock_guard lock(mutex_);
    const std::string name = "file " + std::to_string(id);
    if (off_) {
        return failed(name, EIO);
    }
    std::string& content = files_.at(id).data;
    const std::optional<FileFault> fault = next_call(CallKind::kAppend);
    if (!fault) {
        content.append(data.data(), data.size());
        return Status::OK();
    }
    if (fault == FileFault::kShortWrite || fault == FileFault::kCrash) {
        content.append(data.data(), static_cast<std::size_t>(random_.below(data.size() + 1)));
    }
    const bool full = fault == FileFault::kNoSpace || fault == FileFault::kShortWrite;
    return failed(name, full ? ENOSPC : EIO);
}

Status FaultDisk::flush(FileId id) {
    const std::lock_guard lock(mutex_);
    return change_status("file " + std::to_string(id), CallKind::kChange);
}

Status FaultDisk::sync(FileId id) {
    const std::lock_guard lock(mutex_);
    File& file = files_.at(id);
    const Status status = change_status("file " + std::to_string(id), CallKind::kSync);
    file.sync_broken = file.sync_broken || !status.ok();
    if (!file.sync_broken) {
        file.durable_bytes = file.data.size();
    }
    return status;
}

Status FaultDisk::remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (Status status = change_status(name, CallKind::kChange); !status.ok()) {
        return status;
    }
    if (!find(name)) {
        return failed(name, ENOENT);
    }
    entries_[name].now.reset();
    return Status::OK();
}

Status FaultDisk::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    if (Status status = change_status(from, CallKind::kChange); !status.ok()) {
        return status;
    }
    const std::optional<FileId> id = find(from);
    if (!id) {
        return failed(from, ENOENT);
    }
    entries_[from].now.reset();
    entries_[to].now = id;
    return Status::OK();
}

Status FaultDisk::create_directory(const std::string& dir) {
    const std::lock_guard lock(mutex_);
    if (Status status = change_status(dir, CallKind::kChange); !status.ok()) {
        return status;
    }
    if (!directories_.emplace(dir, false).second) {
        return failed(dir, EEXIST);
    }
    return Status::OK();
}

Status FaultDisk::sync_directory(const std::string& dir) {
    const std::lock_guard lock(mutex_);
    if (Status status = change_status(dir, CallKind::kSync); !status.ok()) {
        return status;
    }
    for (auto& [name, entry] : entries_) {
        if (directory_of(name) == dir) {
            entry.durable = entry.now;
        }
    }
    for (auto& [name, durable] : directories_) {
        durable = durable || directory_of(name) == dir;
    }
    return Status::OK();
}

Status FaultDisk::lock(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (off_) {
        return failed(name, EIO);
    }
    if (!directories_.contains(directory_of(name))) {
        return failed(name, ENOENT);
    }
    if (!locks_.insert(name).second) {
        return Status::IOError("lock " + name, "already held by process");
    }
    return Status::OK();
}

Status FaultDisk::unlock(const std::string& name) {
    const std::lock_guard lock(mutex_);
    locks_.erase(name);
    return Status::OK();
}

Status FaultDisk::open(const std::string& name, FileId& out) const {
    const std::lock_guard lock(mutex_);
    const std::optional<FileId> id = find(name);
    if (off_ || !id) {
        return failed(name, off_ ? EIO : ENOENT);
    }
    out = *id;
    return Status::OK();
}

Status FaultDisk::read(
    FileId id, std::uint64_t offset, std::size_t count, Slice* out, char* scratch) const {
    const std::lock_guard lock(mutex_);
    if (off_) {
        return failed("file " + std::to_string(id), EIO);
    }
    const std::string& data = files_.at(id).data;
    const std::size_t first =
        static_cast<std::size_t>(std::min<std::uint64_t>(offset, data.size()));
    const std::size_t read = data.copy(scratch, count, first);
    *out = Slice(scratch, read);
    return Status::OK();
}

Status FaultDisk::size(const std::string& name, std::uint64_t& out) const {
    const std::lock_guard lock(mutex_);
    const std::optional<FileId> id = find(name);
    if (off_ || !id) {
        return failed(name, off_ ? EIO : ENOENT);
    }
    out = files_.at(*id).data.size();
    return Status::OK();
}

Status FaultDisk::children(const std::string& dir, std::vector<std::string>& out) const {
    const std::lock_guard lock(mutex_);
    out.clear();
    if (off_ || !directories_.contains(dir)) {
        return failed(dir, off_ ? EIO : ENOENT);
    }
    for (const auto& [name, entry] : entries_) {
        if (entry.now && directory_of(name) == dir) {
            out.push_back(name.substr(dir.size() + 1));
        }
    }
    return Status::OK();
}

bool FaultDisk::exists(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    return !off_ && find(name).has_value();
}

void FaultDisk::inject(const FileFaultPlan& plan) {
    const std::lock_guard lock(mutex_);
    plan_ = plan;
    fired_ = false;
}

void FaultDisk::crash() {
    const std::lock_guard lock(mutex_);
    off_ = true;
}

void FaultDisk::change(const std::string& name, const std::function<void(std::string&)>& edit) {
    const std::lock_guard lock(mutex_);
    const std::optional<FileId> id = find(name);
    POLIS_ASSERT(id.has_value());
    File& file = files_.at(*id);
    edit(file.data);
    file.durable_bytes = std::min(file.durable_bytes, file.data.size());
}

void FaultDisk::lose(const std::string& name) {
    const std::lock_guard lock(mutex_);
    entries_.erase(name);
}

void FaultDisk::add_survivor(const std::string& name, File file) {
    file.durable_bytes = file.data.size();
    file.sync_broken = false;
    const FileId id = next_id_++;
    files_.emplace(id, std::move(file));
    entries_[name] = {.now = id, .durable = id};
}

std::unique_ptr<FaultDisk> FaultDisk::after_power_loss(PowerLoss loss, std::uint64_t seed) const {
    const std::lock_guard lock(mutex_);
    const bool tears = loss == PowerLoss::kTearsUnsynced;
    Random random(seed, "power_loss");
    auto after = std::make_unique<FaultDisk>(seed);
    for (const auto& [name, durable] : directories_) {
        if (durable || (tears && random.chance(1, 2))) {
            after->directories_.emplace(name, true);
        }
    }
    for (const auto& [name, entry] : entries_) {
        const bool new_name = tears && random.chance(1, 2);
        const std::optional<FileId> id = new_name ? entry.now : entry.durable;
        if (!id || !after->directories_.contains(directory_of(name))) {
            continue;
        }
        File file = files_.at(*id);
        const std::size_t unsynced = file.data.size() - file.durable_bytes;
        const std::size_t kept = tears ? static_cast<std::size_t>(random.below(unsynced + 1)) : 0;
        file.data.resize(file.durable_bytes + kept);
        after->add_survivor(name, std::move(file));
    }
    return after;
}

std::unique_ptr<FaultDisk> FaultDisk::after_process_end() const {
    const std::lock_guard lock(mutex_);
    auto after = std::make_unique<FaultDisk>(0);
    after->files_ = files_;
    after->entries_ = entries_;
    after->directories_ = directories_;
    after->next_id_ = next_id_;
    return after;
}

std::uint64_t FaultDisk::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

bool FaultDisk::fired() const {
    const std::lock_guard lock(mutex_);
    return fired_;
}

std::vector<std::string> FaultDisk::files() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
        if (entry.now) {
            names.push_back(name);
        }
    }
    return names;
}

std::string FaultDisk::content(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const std::optional<FileId> id = find(name);
    POLIS_ASSERT(id.has_value());
    return files_.at(*id).data;
}

}  // namespace polis::ledger
