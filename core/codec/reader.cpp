#include <core/codec/reader.hpp>

namespace polis::codec {

std::string_view to_string(DecodeError error) {
    switch (error) {
        case DecodeError::kTruncated:
            return "truncated";
        case DecodeError::kTrailingBytes:
            return "trailing bytes";
        case DecodeError::kCountOverLimit:
            return "count over limit";
        case DecodeError::kBadBool:
            return "bool is neither 0 nor 1";
        case DecodeError::kBadTag:
            return "tag out of range";
        case DecodeError::kBadUtf8:
            return "string is not UTF-8";
        case DecodeError::kUnsorted:
            return "keys not strictly ascending";
    }
    return "unknown decode error";
}

ByteView Reader::take(std::size_t count) {
    if (error_) {
        return {};
    }
    if (count > remaining()) {
        error_ = DecodeError::kTruncated;
        return {};
    }
    const ByteView out = bytes_.subspan(offset_, count);
    offset_ += count;
    return out;
}

std::size_t Reader::count(std::size_t count_max, std::size_t element_bytes_min) {
    const std::size_t value = integer<std::uint32_t>();
    if (!ok()) {
        return 0;
    }
    if (value > count_max || value > remaining() / element_bytes_min) {
        fail(DecodeError::kCountOverLimit);
        return 0;
    }
    return value;
}

void Reader::fail(DecodeError error) {
    if (!error_) {
        error_ = error;
    }
}

}  // namespace polis::codec
