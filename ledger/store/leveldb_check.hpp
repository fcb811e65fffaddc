#pragma once

#include <cstdint>
#include <string>

#include <leveldb/env.h>
#include <leveldb/status.h>

/// Private to the LevelDB store: what LevelDB 1.23 does not check itself, file by file. Every
/// status names the file.
namespace polis::ledger {

/// Checks CURRENT, the MANIFEST and the logs that a recovery would read.
///
/// LevelDB alone would silently
///   - create an empty store over the old one, and delete its tables, when CURRENT is missing;
///   - recover without the log that the MANIFEST names when that file is missing;
///   - take a changed length in a log or in the MANIFEST for its end (leveldb_log.hpp).
/// A log whose last record was cut off is accepted: its write was never acknowledged as synced. A
/// log cut off exactly between two records cannot be told from an older one: leveldb_store.hpp.
/// @pre the caller holds the lock of the directory.
[[nodiscard]] leveldb::Status check_directory(leveldb::Env& env, const std::string& dir);

/// Checks the last 48 bytes of a table: the positions in it have no checksum, and LevelDB would
/// allocate what a damaged one says (std::bad_alloc) before it looks at the size of the file.
[[nodiscard]] leveldb::Status check_table_footer(
    const leveldb::RandomAccessFile& file, const std::string& name, std::uint64_t size);

/// Reads every table from end to end to find out which are damaged: LevelDB's own status does not
/// say. Cost: reads the whole store; only for the message of a store that stops.
/// @return file names with reasons, or that none is damaged when read again
[[nodiscard]] std::string name_damaged_tables(leveldb::Env& env, const std::string& dir);

}  // namespace polis::ledger
