#include <ledger/store/blob_files.hpp>

#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <core/codec/borsh.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/file_descriptor.hpp>
#include <core/hex.hpp>
#include <core/merkle.hpp>

namespace polis::ledger {

namespace {

constexpr std::array<std::string_view, 4> kEndings{".data", ".meta", ".part", ".have"};
constexpr std::string_view kTemporary = ".tmp";
constexpr ::mode_t kFileMode = 0644;
constexpr ::mode_t kFolderMode = 0755;

std::unexpected<StoreError> failure(
    std::string_view operation, const std::string& name, int error_number) {
    const bool full = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
    const bool denied = error_number == EACCES || error_number == EPERM || error_number == EROFS;
    std::string text =
        std::string(operation) + " " + name + ": " + std::generic_category().message(error_number);
    if (full) {
        text += "; free some space and try again";
    } else if (denied) {
        text += "; give the user of the node write access to the folder";
    }
    const StoreErrc code = full                     ? StoreErrc::kNoSpace
                           : error_number == ENOENT ? StoreErrc::kNotFound
                                                    : StoreErrc::kIo;
    return std::unexpected(StoreError{code, std::move(text)});
}

StoreResult<void> write_all(
    const FileDescriptor& file, const std::string& name, std::uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
        const ::ssize_t count =
            ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<::off_t>(offset));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return failure("write", name, count == 0 ? ENOSPC : errno);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

/// The root and kind that a file name spells, or nothing.
std::optional<std::pair<Hash, BlobFile>> parse_name(std::string_view name) {
    constexpr std::size_t kDigits = 2 * Hash::kSize;
    for (std::size_t i = 0; i < kEndings.size(); ++i) {
        if (name.size() == kDigits + kEndings[i].size() && name.ends_with(kEndings[i])) {
            const auto root = fixed_from_hex<Hash>(name.substr(0, kDigits));
            if (root && to_hex(root->view()) == name.substr(0, kDigits)) {
                return std::pair{*root, static_cast<BlobFile>(i)};
            }
        }
    }
    return std::nullopt;
}

}  // namespace

Bytes encode_meta(const BlobMeta& meta) {
    Bytes out{kBlobMetaVersion};
    codec::encode_to(out, meta);
    return out;
}

std::optional<BlobMeta> decode_meta(const Hash& root, ByteView bytes) {
    if (bytes.empty() || bytes.front() != kBlobMetaVersion) {
        return std::nullopt;
    }
    auto meta = codec::decode<BlobMeta>(bytes.subspan(1));
    const bool right = meta && is_shape_of(meta->shape, root) &&
                       meta->leaves.size() == meta->shape.chunk_count() &&
                       merkle::root(meta->leaves) == meta->shape.tree;
    return right ? std::optional{*std::move(meta)} : std::nullopt;
}

Bytes encode_progress(const BlobProgress& progress) {
    Bytes out{kBlobMetaVersion};
    codec::encode_to(out, progress);
    append(out, crypto::blake2b_256(crypto::kDomainBlob, out).view());
    return out;
}

std::optional<BlobProgress> decode_progress(const Hash& root, ByteView bytes) {
    if (bytes.size() < 1 + Hash::kSize || bytes.front() != kBlobMetaVersion) {
        return std::nullopt;
    }
    const ByteView content = bytes.first(bytes.size() - Hash::kSize);
    const Hash checksum = crypto::blake2b_256(crypto::kDomainBlob, content);
    if (!equal(checksum.view(), bytes.last(Hash::kSize))) {
        return std::nullopt;
    }
    auto progress = codec::decode<BlobProgress>(content.subspan(1));
    const bool right = progress && is_shape_of(progress->shape, root) &&
                       progress->leaves.size() == progress->shape.chunk_count();
    return right ? std::optional{*std::move(progress)} : std::nullopt;
}

std::string BlobFiles::name(const Hash& root, BlobFile file) const {
    return folder_ + "/" + to_hex(root.view()) +
           std::string(kEndings[static_cast<std::size_t>(file)]);
}

std::string BlobFiles::temporary(std::uint64_t number) const {
    return folder_ + "/upload-" + std::to_string(number) + std::string(kTemporary);
}

StoreResult<void> BlobFiles::make_folder() const {
    if (::mkdir(folder_.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return failure("make folder", folder_, errno);
    }
    struct ::stat status{};
    if (::stat(folder_.c_str(), &status) != 0) {
        return failure("look at", folder_, errno);
    }
    return S_ISDIR(status.st_mode) ? StoreResult<void>{} : failure("open", folder_, ENOTDIR);
}

StoreResult<std::vector<BlobFiles::Found>> BlobFiles::list() const {
    const std::unique_ptr<::DIR, int (*)(::DIR*)> folder(::opendir(folder_.c_str()), ::closedir);
    if (!folder) {
        return failure("open", folder_, errno);
    }
    std::vector<Found> out;
    while (true) {
        errno = 0;
        const ::dirent* entry = ::readdir(folder.get());
        if (entry == nullptr && errno != 0) {
            return failure("list", folder_, errno);
        }
        if (entry == nullptr) {
            return out;
        }
        const std::string_view name = entry->d_name;
        const std::string path = folder_ + "/" + std::string(name);
        if (name.ends_with(kTemporary)) {
            POLIS_TRY_VOID(remove(path));
        } else if (const auto parsed = parse_name(name)) {
            struct ::stat status{};
            if (::stat(path.c_str(), &status) != 0) {
                return failure("look at", path, errno);
            }
            constexpr std::uint64_t kSecond = 1'000'000'000;
            out.push_back(
                {.root = parsed->first,
                 .file = parsed->second,
                 .changed_ns = static_cast<std::uint64_t>(status.st_mtim.tv_sec) * kSecond +
                               static_cast<std::uint64_t>(status.st_mtim.tv_nsec)});
        }
    }
}

StoreResult<std::uint64_t> BlobFiles::size(const std::string& name) const {
    struct ::stat status{};
    if (::stat(name.c_str(), &status) != 0) {
        return failure("look at", name, errno);
    }
    return static_cast<std::uint64_t>(status.st_size);
}

StoreResult<Bytes> BlobFiles::load(const std::string& name, std::size_t bytes_max) const {
    POLIS_TRY(const std::uint64_t bytes, size(name));
    if (bytes > bytes_max) {
        return std::unexpected(StoreError{StoreErrc::kCorrupt, name + " is too long"});
    }
    return read(name, 0, static_cast<std::size_t>(bytes));
}

StoreResult<void> BlobFiles::replace(const std::string& name, ByteView content) const {
    const std::string temporary = name + std::string(kTemporary);
    {
        const FileDescriptor file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kFileMode));
        if (!file.valid()) {
            return failure("create", temporary, errno);
        }
        if (auto written = write_all(file, temporary, 0, content); !written) {
            (void)remove(temporary);
            return written;
        }
        if (::fsync(file.get()) != 0) {
            return failure("sync", temporary, errno);
        }
    }
    POLIS_TRY_VOID(rename(temporary, name));
    return sync_folder();
}

StoreResult<Bytes> BlobFiles::read(
    const std::string& name, std::uint64_t offset, std::size_t count) const {
    const FileDescriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) {
        return failure("open", name, errno);
    }
    Bytes out(count);
    std::size_t done = 0;
    while (done < count) {
        const ::ssize_t got = ::pread(
            file.get(), out.data() + done, count - done, static_cast<::off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return failure("read", name, errno);
        }
        if (got == 0) {
            return std::unexpected(
                StoreError{StoreErrc::kCorrupt, name + " ends before its content does"});
        }
        done += static_cast<std::size_t>(got);
    }
    return out;
}

StoreResult<void> BlobFiles::write(
    const std::string& name, std::uint64_t offset, ByteView bytes) const {
    const FileDescriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kFileMode));
    if (!file.valid()) {
        return failure("create", name, errno);
    }
    return write_all(file, name, offset, bytes);
}

StoreResult<void> BlobFiles::sync(const std::string& name) const {
    const FileDescriptor file(::open(name.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.valid() || ::fsync(file.get()) != 0) {
        return failure("sync", name, errno);
    }
    return {};
}

StoreResult<void> BlobFiles::rename(const std::string& from, const std::string& to) const {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        return failure("rename", from, errno);
    }
    return {};
}

StoreResult<void> BlobFiles::remove(const std::string& name) const {
    if (::unlink(name.c_str()) != 0 && errno != ENOENT) {
        return failure("remove", name, errno);
    }
    return {};
}

StoreResult<void> BlobFiles::sync_folder() const {
    const FileDescriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid() || ::fsync(folder.get()) != 0) {
        return failure("sync", folder_, errno);
    }
    return {};
}

}  // namespace polis::ledger
