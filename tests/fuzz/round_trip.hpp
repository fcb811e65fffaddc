#pragma once

#include <optional>

#include <core/bytes.hpp>
#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <tests/fuzz/alloc_guard.hpp>

namespace polis::fuzz {

/// Decodes within the memory bound and asserts that what decodes encodes to the same bytes again.
template <class T>
std::optional<T> decode_canonical(ByteView bytes) {
    std::optional<T> out;
    {
        const AllocGuard guard(bytes.size());
        if (auto value = codec::decode<T>(bytes)) {
            out = *std::move(value);
        }
    }
    if (out) {
        POLIS_ASSERT(equal(codec::encode(*out), bytes));
    }
    return out;
}

}  // namespace polis::fuzz
