#include <ledger/store/leveldb_check.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/slice.h>
#include <leveldb/table.h>

#include <core/bytes.hpp>
#include <ledger/store/leveldb_log.hpp>

namespace polis::ledger {

namespace {

using leveldb::Status;

constexpr std::size_t kFooterBytes = 48;
constexpr std::size_t kBlockTrailerBytes = 5;
constexpr std::size_t kLogRecordBytesMin = 12;  ///< sequence number (8), number of operations (4)

/// A number with LEB128 digits from the front of `bytes`, or nothing.
std::optional<std::uint64_t> take_varint(ByteView& bytes) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const std::uint8_t byte = bytes.front();
        bytes = bytes.subspan(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    return std::nullopt;
}

bool skip_prefixed(ByteView& bytes) {
    const auto length = take_varint(bytes);
    if (!length || *length > bytes.size()) {
        return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(*length));
    return true;
}

/// The log number of one MANIFEST record (leveldb doc/impl.md; tags of version_edit.cc), if it has
/// one. A record that does not parse gives none: LevelDB itself refuses it.
std::optional<std::uint64_t> log_number_of(ByteView edit) {
    enum Tag : std::uint8_t {
        kComparator = 1,
        kLogNumber = 2,
        kNextFile = 3,
        kLastSequence = 4,
        kCompactPointer = 5,
        kDeletedFile = 6,
        kNewFile = 7,
        kPreviousLogNumber = 9,
    };

    std::optional<std::uint64_t> log_number;
    while (!edit.empty()) {
        const auto tag = take_varint(edit);
        bool parsed = false;
        if (tag == kComparator) {
            parsed = skip_prefixed(edit);
        } else if (tag == kLogNumber) {
            log_number = take_varint(edit);
            parsed = log_number.has_value();
        } else if (tag == kNextFile || tag == kLastSequence || tag == kPreviousLogNumber) {
            parsed = take_varint(edit).has_value();
        } else if (tag == kCompactPointer) {
            parsed = take_varint(edit) && skip_prefixed(edit);
        } else if (tag == kDeletedFile) {
            parsed = take_varint(edit) && take_varint(edit);
        } else if (tag == kNewFile) {
            parsed = take_varint(edit) && take_varint(edit) && take_varint(edit) &&
                     skip_prefixed(edit) && skip_prefixed(edit);
        }
        if (!parsed) {
            return std::nullopt;
        }
    }
    return log_number;
}

/// The number in "000123.log" for the suffix ".log", or in "MANIFEST-000123" for that prefix.
std::optional<std::uint64_t> number_between(
    std::string_view name, std::string_view prefix, std::string_view suffix) {
    if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) ||
        !name.ends_with(suffix)) {
        return std::nullopt;
    }
    name.remove_prefix(prefix.size());
    name.remove_suffix(suffix.size());
    std::uint64_t number = 0;
    const auto [rest, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failed != std::errc{} || rest != name.data() + name.size()) {
        return std::nullopt;
    }
    return number;
}

struct Listing {
    std::vector<std::uint64_t> logs;  ///< ascending
    std::vector<std::string> tables;
    bool has_current = false;
    bool has_history = false;  ///< tables, logs or a MANIFEST after the first
};

Status list_directory(leveldb::Env& env, const std::string& dir, Listing& listing) {
    std::vector<std::string> names;
    const Status status = env.GetChildren(dir, &names);
    std::ranges::sort(names);
    for (const std::string& name : names) {
        const auto log = number_between(name, "", ".log");
        const bool table = number_between(name, "", ".ldb") || number_between(name, "", ".sst");
        if (log) {
            listing.logs.push_back(*log);
        }
        if (table) {
            listing.tables.push_back(name);
        }
        listing.has_current |= name == "CURRENT";
        listing.has_history |= log || table || number_between(name, "MANIFEST-", "") > 1;
    }
    std::ranges::sort(listing.logs);
    return status;
}

std::string log_name(const std::string& dir, std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return dir + "/" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits +
           ".log";
}

Status damaged(const std::string& file, const LogScan& scan) {
    return Status::Corruption(
        file, scan.reason + " (record at byte " + std::to_string(scan.offset) + ")");
}

/// Reads the log number out of the MANIFEST that CURRENT names; 0 in a store that is just created.
Status check_manifest(leveldb::Env& env, const std::string& dir, std::uint64_t& log_number) {
    const std::string current = dir + "/CURRENT";
    std::string name;
    if (const Status status = leveldb::ReadFileToString(&env, current, &name); !status.ok()) {
        return status;
    }
    if (!name.ends_with('\n') ||
        !number_between(std::string_view(name).substr(0, name.size() - 1), "MANIFEST-", "")) {
        return Status::Corruption(current, "it does not name a MANIFEST file");
    }
    name.pop_back();
    const std::string manifest = dir + "/" + name;
    if (!env.FileExists(manifest)) {
        return Status::Corruption(manifest, "CURRENT names this file, but it is missing");
    }
    std::string content;
    if (const Status status = leveldb::ReadFileToString(&env, manifest, &content); !status.ok()) {
        return status;
    }
    std::optional<std::uint64_t> found;
    const LogScan scan = scan_log(as_bytes(content), [&found](ByteView edit) {
        if (const auto number = log_number_of(edit)) {
            found = number;
        }
    });
    if (scan.end == LogEnd::kDamaged) {
        return damaged(manifest, scan);
    }
    if (!found) {
        return Status::Corruption(manifest, "it ends before the number of a log");
    }
    log_number = *found;
    return Status::OK();
}

/// A log is synced when the next one starts (leveldb_env.hpp), so only the last one that holds
/// anything may end in a torn record.
Status check_logs(
    leveldb::Env& env, const std::string& dir, const std::vector<std::uint64_t>& logs) {
    std::string torn;
    for (const std::uint64_t number : logs) {
        const std::string name = log_name(dir, number);
        std::string content;
        if (const Status status = leveldb::ReadFileToString(&env, name, &content); !status.ok()) {
            return status;
        }
        bool too_small = false;
        const LogScan scan = scan_log(as_bytes(content), [&too_small](ByteView record) {
            too_small |= record.size() < kLogRecordBytesMin;
        });
        if (scan.end == LogEnd::kDamaged) {
            return damaged(name, scan);
        }
        if (too_small) {
            return Status::Corruption(name, "a record is too small");
        }
        if (!torn.empty() && scan.record_count > 0) {
            return Status::Corruption(torn, "it ends too early: a later log holds records");
        }
        if (scan.end == LogEnd::kTorn) {
            torn = name;
        }
    }
    return Status::OK();
}

struct BlockPosition {
    std::uint64_t offset;
    std::uint64_t size;
};

std::optional<BlockPosition> take_position(ByteView& bytes) {
    const auto offset = take_varint(bytes);
    const auto size = take_varint(bytes);
    if (!offset || !size) {
        return std::nullopt;
    }
    return BlockPosition{*offset, *size};
}

/// Reads all blocks of one table with their checksums.
Status read_table(leveldb::Env& env, const std::string& name) {
    std::uint64_t size = 0;
    if (const Status status = env.GetFileSize(name, &size); !status.ok()) {
        return status;
    }
    leveldb::RandomAccessFile* opened = nullptr;
    if (const Status status = env.NewRandomAccessFile(name, &opened); !status.ok()) {
        return status;
    }
    const std::unique_ptr<leveldb::RandomAccessFile> file(opened);
    if (const Status status = check_table_footer(*file, name, size); !status.ok()) {
        return status;
    }
    leveldb::Options settings;
    settings.paranoid_checks = true;
    leveldb::Table* parsed = nullptr;
    if (const Status status = leveldb::Table::Open(settings, file.get(), size, &parsed);
        !status.ok()) {
        return status;
    }
    const std::unique_ptr<leveldb::Table> table(parsed);
    leveldb::ReadOptions reading;
    reading.verify_checksums = true;
    reading.fill_cache = false;
    const std::unique_ptr<leveldb::Iterator> row(table->NewIterator(reading));
    for (row->SeekToFirst(); row->Valid(); row->Next()) {
    }
    return row->status();
}

}  // namespace

Status check_directory(leveldb::Env& env, const std::string& dir) {
    Listing listing;
    if (const Status status = list_directory(env, dir, listing); !status.ok()) {
        return status;
    }
    if (!listing.has_current) {
        return listing.has_history
                   ? Status::Corruption(dir + "/CURRENT", "it is missing, though data is here")
                   : Status::OK();
    }
    std::uint64_t log_number = 0;
    if (const Status status = check_manifest(env, dir, log_number); !status.ok()) {
        return status;
    }
    if (log_number > 0 && !std::ranges::binary_search(listing.logs, log_number)) {
        return Status::Corruption(
            log_name(dir, log_number), "the MANIFEST names this file, but it is missing");
    }
    std::erase_if(listing.logs, [log_number](std::uint64_t number) { return number < log_number; });
    return check_logs(env, dir, listing.logs);
}

Status check_table_footer(
    const leveldb::RandomAccessFile& file, const std::string& name, std::uint64_t size) {
    constexpr std::array<std::uint8_t, 8> kMagic = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};
    if (size < kFooterBytes + kBlockTrailerBytes) {
        return Status::Corruption(name, "the table is too short");
    }
    std::array<char, kFooterBytes> scratch{};
    leveldb::Slice read;
    if (Status status = file.Read(size - kFooterBytes, kFooterBytes, &read, scratch.data());
        !status.ok()) {
        return status;
    }
    ByteView footer = as_bytes({read.data(), read.size()});
    if (footer.size() != kFooterBytes || !equal(footer.last(kMagic.size()), kMagic)) {
        return Status::Corruption(name, "the end of the table is damaged");
    }
    for (const std::string_view block : {"filter", "index"}) {
        const auto position = take_position(footer);
        const std::uint64_t room = size - kFooterBytes - kBlockTrailerBytes;
        if (!position || position->size > room || position->offset > room - position->size) {
            return Status::Corruption(
                name, "the position of the " + std::string(block) + " block is damaged");
        }
    }
    return Status::OK();
}

std::string name_damaged_tables(leveldb::Env& env, const std::string& dir) {
    Listing listing;
    if (const Status status = list_directory(env, dir, listing); !status.ok()) {
        return status.ToString();
    }
    std::string names;
    for (const std::string& table : listing.tables) {
        const Status status = read_table(env, std::string(dir).append("/").append(table));
        if (status.ok()) {
            continue;
        }
        names += names.empty() ? "" : ", ";
        names += table;
        names += " (";
        names += status.ToString();
        names += ")";
    }
    return names.empty() ? "no table is damaged when read again; check memory and cables" : names;
}

}  // namespace polis::ledger
