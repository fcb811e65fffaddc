#include <core/crypto/hkdf.hpp>

#include <array>
#include <cstdint>

#include <core/crypto/hmac_sha256.hpp>

namespace polis::crypto {

KeyPair256 hkdf_noise(const Secret32& chaining_key, ByteView input) {
    constexpr std::array<std::uint8_t, 1> kFirst{1};
    constexpr std::array<std::uint8_t, 1> kSecond{2};
    const Secret32 extracted = hmac_sha256(chaining_key.view(), {input});
    KeyPair256 out;
    out.first = hmac_sha256(extracted.view(), {kFirst});
    out.second = hmac_sha256(extracted.view(), {out.first.view(), kSecond});
    return out;
}

}  // namespace polis::crypto
