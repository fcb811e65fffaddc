#include <core/codec/utf8.hpp>

#include <cstddef>
#include <cstdint>

namespace polis::codec {

namespace {

/// Length of the sequence that starts with `lead`, 0 if none does.
std::size_t sequence_length(std::uint8_t lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/// RFC 3629 section 4: the second byte excludes overlong forms, surrogates and what is too large.
bool second_byte_allowed(std::uint8_t lead, std::uint8_t second) {
    switch (lead) {
        case 0xe0:
            return second >= 0xa0;
        case 0xed:
            return second <= 0x9f;
        case 0xf0:
            return second >= 0x90;
        case 0xf4:
            return second <= 0x8f;
        default:
            return true;
    }
}

}  // namespace

bool is_utf8(ByteView bytes) {
    std::size_t i = 0;
    while (i < bytes.size()) {
        const std::size_t length = sequence_length(bytes[i]);
        if (length == 0 || length > bytes.size() - i) {
            return false;
        }
        for (std::size_t k = 1; k < length; ++k) {
            if ((bytes[i + k] & 0xc0) != 0x80) {
                return false;
            }
        }
        if (length > 1 && !second_byte_allowed(bytes[i], bytes[i + 1])) {
            return false;
        }
        i += length;
    }
    return true;
}

}  // namespace polis::codec
