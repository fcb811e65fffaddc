#include <ledger/store/leveldb_status.hpp>

#include <cerrno>
#include <system_error>

#include <core/check.hpp>

namespace polis::ledger {

namespace {

bool names_reason(std::string_view text, int error_number) {
    return text.find(std::generic_category().message(error_number)) != std::string_view::npos;
}

/// LevelDB locks the file LOCK: the lock table of the process answers "already held by process",
/// fcntl answers EAGAIN or EACCES.
std::string_view lock_owner(std::string_view text) {
    if (!text.contains("IO error: lock ")) {
        return {};
    }
    if (text.contains("already held by process")) {
        return "this process";
    }
    if (names_reason(text, EAGAIN) || names_reason(text, EACCES)) {
        return "another process";
    }
    return {};
}

struct Meaning {
    StoreErrc code;
    std::string_view cure;
};

Meaning meaning_of_io_error(std::string_view text) {
    if (names_reason(text, ENOSPC)) {
        return {StoreErrc::kNoSpace, "the disk is full: make room, then start again"};
    }
    if (names_reason(text, EDQUOT)) {
        return {StoreErrc::kNoSpace, "the disk quota is used up: raise it, then start again"};
    }
    if (names_reason(text, EACCES) || names_reason(text, EPERM)) {
        return {
            StoreErrc::kIo,
            "permission denied: run as the owner of the directory or change its owner"};
    }
    if (names_reason(text, EROFS)) {
        return {StoreErrc::kIo, "the file system is read-only: mount it writable"};
    }
    if (names_reason(text, EMFILE) || names_reason(text, ENFILE)) {
        return {StoreErrc::kIo, "too many open files: raise the limit (ulimit -n)"};
    }
    return {StoreErrc::kIo, "check the disk and the system's log, then start again"};
}

Meaning meaning_of(const leveldb::Status& status, std::string_view text) {
    if (status.IsCorruption()) {
        return {
            StoreErrc::kCorrupt,
            "the data is damaged: restore a copy, or remove the directory and sync again"};
    }
    if (status.IsNotFound()) {
        return {
            StoreErrc::kCorrupt,
            "a file of the store is missing: restore a copy, or remove the directory and sync "
            "again"};
    }
    if (status.IsInvalidArgument() && text.contains("create_if_missing")) {
        return {StoreErrc::kNotFound, "there is no store here: check the path"};
    }
    if (status.IsInvalidArgument()) {
        return {StoreErrc::kWrongSchema, "the directory holds the data of another program"};
    }
    return meaning_of_io_error(text);
}

}  // namespace

StoreError store_error(const leveldb::Status& status, const FailedOperation& operation) {
    POLIS_ASSERT(!status.ok());
    const std::string text = status.ToString();
    const std::string what =
        std::string(operation.name) + " of " + std::string(operation.dir) + ": ";
    if (const std::string_view owner = lock_owner(text); !owner.empty()) {
        return {
            StoreErrc::kLocked,
            what + std::string(owner) +
                " has it open; stop it first or choose another directory (" + text + ")"};
    }
    const Meaning meaning = meaning_of(status, text);
    return {meaning.code, what + text + "; " + std::string(meaning.cure)};
}

}  // namespace polis::ledger
