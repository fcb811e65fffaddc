#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <core/bytes.hpp>

/// Private to the LevelDB store: the record format of its logs and of its MANIFEST.
///
/// LevelDB 1.23 reads both files itself and, with paranoid_checks, refuses a record whose checksum
/// is wrong. What it lets pass without a word (log_reader.cc, kEof and kZeroType):
///   - a record that reaches beyond the end of the file ends the log, because a crash in the middle
///     of a write leaves just that. One flipped bit in the length of a record in the last 32 KiB
///     looks the same, and everything from there to the end of the file is dropped;
///   - a header of zeros skips the rest of its block of 32 KiB, whatever follows it.
/// scan_log tells these apart from a write that was cut off.
namespace polis::ledger {

enum class LogEnd : std::uint8_t {
    kClean,    ///< ends with a whole record
    kTorn,     ///< ends in a record that was never written to its end, or in zeros
    kDamaged,  ///< bytes that once were whole have changed
};

struct LogScan {
    LogEnd end = LogEnd::kClean;
    std::uint64_t offset = 0;  ///< where the torn or damaged record starts
    std::string reason;        ///< of damage
    std::size_t record_count = 0;
};

/// Visits every whole record of a log or MANIFEST and says how the file ends.
/// Cost: one CRC-32C over the file, and one more over the last record when it is torn. A record
/// that was cut off looks damaged with probability below 2^-16.
[[nodiscard]] LogScan scan_log(ByteView file, const std::function<void(ByteView record)>& visit);

}  // namespace polis::ledger
