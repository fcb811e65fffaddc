#include <ledger/store/leveldb_log.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace polis::ledger {

namespace {

constexpr std::size_t kBlockBytes = 32'768;
constexpr std::size_t kHeaderBytes = 7;  ///< masked CRC-32C (4), length (2), kind (1)

enum RecordKind : std::uint8_t { kZero = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

/// CRC-32C (Castagnoli), reflected, one byte at a time (RFC 3720, appendix B.4).
constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
        }
        table[i] = crc;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> kCrcTable = make_crc_table();

std::uint32_t crc_step(std::uint32_t crc, std::uint8_t byte) {
    return kCrcTable[(crc ^ byte) & 0xff] ^ (crc >> 8);
}

std::uint32_t crc_of(ByteView bytes) {
    std::uint32_t crc = 0xffffffffU;
    for (const std::uint8_t byte : bytes) {
        crc = crc_step(crc, byte);
    }
    return ~crc;
}

/// LevelDB stores CRCs rotated and shifted, so that a CRC over stored CRCs stays a good one.
std::uint32_t unmask(std::uint32_t masked) {
    const std::uint32_t rotated = masked - 0xa282ead8U;
    return (rotated >> 17) | (rotated << 15);
}

bool all_zero(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

struct Header {
    std::uint32_t crc;
    std::size_t length;
    std::uint8_t kind;
};

/// @pre bytes.size() >= kHeaderBytes
Header parse_header(ByteView bytes) {
    const auto byte = [&bytes](std::size_t i) { return static_cast<std::uint32_t>(bytes[i]); };
    const std::uint32_t masked = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
    return {unmask(masked), byte(4) | byte(5) << 8, bytes[6]};
}

/// True if the checksum fits some other length than the header's: the payload is whole and only
/// its length has changed. The checksum covers kind and payload, not the length.
bool whole_under_another_length(const Header& header, ByteView after_length) {
    std::uint32_t crc = 0xffffffffU;
    for (const std::uint8_t byte : after_length) {
        crc = crc_step(crc, byte);
        if (~crc == header.crc) {
            return true;
        }
    }
    return false;
}

class LogScanner {
  public:
    LogScanner(ByteView file, const std::function<void(ByteView)>& visit)
        : file_(file), visit_(visit) {}

    LogScan run() {
        while (!ended_) {
            step();
        }
        return std::move(scan_);
    }

  private:
    void step() {
        const std::size_t left = file_.size() - at_;
        const std::size_t block_left = kBlockBytes - at_ % kBlockBytes;
        if (left == 0) {
            end(in_record_ ? LogEnd::kTorn : LogEnd::kClean, {});
        } else if (block_left < kHeaderBytes) {
            at_ += std::min(block_left, left);  // a record never starts in the last six bytes
        } else if (left < kHeaderBytes) {
            end(LogEnd::kTorn, {});
        } else {
            read_fragment(std::min(left, block_left), block_left);
        }
    }

    void read_fragment(std::size_t available, std::size_t block_left) {
        const ByteView bytes = file_.subspan(at_, available);
        const Header header = parse_header(bytes);
        if (kHeaderBytes + header.length > block_left) {
            end(LogEnd::kDamaged, "a record is longer than its block");
        } else if (kHeaderBytes + header.length > available) {
            const bool whole = whole_under_another_length(header, bytes.subspan(6));
            end(whole ? LogEnd::kDamaged : LogEnd::kTorn, "the length of a record has changed");
        } else if (header.kind == kZero && header.length == 0) {
            const bool zeros = all_zero(file_.subspan(at_));
            end(zeros ? LogEnd::kTorn : LogEnd::kDamaged, "zeros where a record should start");
        } else if (crc_of(bytes.subspan(6, 1 + header.length)) != header.crc) {
            end(LogEnd::kDamaged, "the checksum of a record does not match");
        } else {
            at_ += kHeaderBytes + header.length;
            take(header.kind, bytes.subspan(kHeaderBytes, header.length));
        }
    }

    void take(std::uint8_t kind, ByteView payload) {
        if (kind == kFull || kind == kFirst) {
            if (in_record_ && !record_.empty()) {
                end(LogEnd::kDamaged, "a record has no end");
                return;
            }
            record_.clear();
        } else if (!in_record_ || kind > kLast) {
            end(LogEnd::kDamaged, "a record has no start");
            return;
        }
        if (!in_record_) {
            record_start_ = at_ - kHeaderBytes - payload.size();
        }
        append(record_, payload);
        in_record_ = kind == kFirst || kind == kMiddle;
        if (!in_record_) {
            ++scan_.record_count;
            visit_(record_);
        }
    }

    void end(LogEnd how, std::string_view reason) {
        scan_.end = how;
        scan_.offset = in_record_ ? record_start_ : at_;
        if (how == LogEnd::kDamaged) {
            scan_.reason = reason;
        }
        ended_ = true;
    }

    const ByteView file_;
    const std::function<void(ByteView)>& visit_;
    LogScan scan_;
    std::size_t at_ = 0;
    Bytes record_;
    std::size_t record_start_ = 0;
    bool in_record_ = false;
    bool ended_ = false;
};

}  // namespace

LogScan scan_log(ByteView file, const std::function<void(ByteView record)>& visit) {
    return LogScanner(file, visit).run();
}

}  // namespace polis::ledger
