// UTF-8 against a reference that works the other way round: it decodes leniently, encodes what it
// found in the one right way, and compares.
#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/codec/utf8.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis::codec {
namespace {

/// Length that the lead byte announces; 1 for a byte that cannot lead.
std::size_t announced_length(std::uint8_t lead) {
    if (lead >= 0xf0) {
        return 4;
    }
    if (lead >= 0xe0) {
        return 3;
    }
    return lead >= 0xc0 ? 2 : 1;
}

/// The payload bits of a sequence, whether or not it is allowed.
std::uint32_t lenient_point(ByteView sequence) {
    if (sequence.size() == 1) {
        return sequence[0];
    }
    std::uint32_t point = sequence[0] & (0xffU >> (sequence.size() + 1));
    for (const std::uint8_t byte : sequence.subspan(1)) {
        point = (point << 6) | (byte & 0x3f);
    }
    return point;
}

/// RFC 3629, section 3; nothing for what is no character.
std::optional<Bytes> encode_point(std::uint32_t point) {
    const auto tail = [point](unsigned shift) {
        return static_cast<std::uint8_t>(0x80 | ((point >> shift) & 0x3f));
    };
    if (point < 0x80) {
        return Bytes{static_cast<std::uint8_t>(point)};
    }
    if (point < 0x800) {
        return Bytes{static_cast<std::uint8_t>(0xc0 | (point >> 6)), tail(0)};
    }
    if (point >= 0xd800 && point <= 0xdfff) {
        return std::nullopt;
    }
    if (point < 0x10000) {
        return Bytes{static_cast<std::uint8_t>(0xe0 | (point >> 12)), tail(6), tail(0)};
    }
    if (point <= 0x10ffff) {
        return Bytes{static_cast<std::uint8_t>(0xf0 | (point >> 18)), tail(12), tail(6), tail(0)};
    }
    return std::nullopt;
}

bool reference(ByteView bytes) {
    while (!bytes.empty()) {
        const std::size_t length = announced_length(bytes[0]);
        if (length > bytes.size()) {
            return false;
        }
        const ByteView sequence = bytes.first(length);
        const auto right = encode_point(lenient_point(sequence));
        if (!right || !equal(*right, sequence)) {
            return false;
        }
        bytes = bytes.subspan(length);
    }
    return true;
}

}  // namespace
}  // namespace polis::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const polis::ByteView input(data, size);
    const polis::fuzz::AllocGuard guard(size);
    POLIS_ASSERT(polis::codec::is_utf8(input) == polis::codec::reference(input));
    return 0;
}
