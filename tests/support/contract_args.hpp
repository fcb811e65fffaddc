#pragma once

#include <string_view>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/hash.hpp>
#include <core/types.hpp>

namespace polis::tests {

/// The Borsh of all arguments, one after the other.
template <class... T>
[[nodiscard]] Bytes args(const T&... values) {
    Bytes out;
    (codec::encode_to(out, values), ...);
    return out;
}

/// An address that only its name decides.
[[nodiscard]] inline Address person(std::string_view name) {
    const Hash hash = crypto::blake2b_256(as_bytes(name));
    return Address::from_view(hash.view().first(Address::kSize));
}

}  // namespace polis::tests
