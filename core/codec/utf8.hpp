#pragma once

#include <core/bytes.hpp>

namespace polis::codec {

/// True for well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, at most U+10FFFF.
bool is_utf8(ByteView bytes);

}  // namespace polis::codec
