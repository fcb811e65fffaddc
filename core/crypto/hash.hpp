#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include <core/bytes.hpp>
#include <core/types.hpp>

namespace polis::crypto {

/// A domain tag: the 16-byte `personal` parameter of BLAKE2b (RFC 7693, section 2.5), so that bytes
/// hashed for one purpose never collide with bytes hashed for another. All tags: domains.hpp.
struct Domain {
    std::array<std::uint8_t, 16> tag{};

    consteval explicit Domain(std::string_view name) {
        if (name.empty() || name.size() > tag.size()) {
            throw "a domain name has 1 to 16 characters";
        }
        for (std::size_t i = 0; i < name.size(); ++i) {
            tag[i] = static_cast<std::uint8_t>(name[i]);
        }
    }
};

/// BLAKE2b with 32 bytes of output, the hash of everything but contract commitments.
Hash blake2b_256(const Domain& domain, ByteView message);

/// BLAKE2b-256 as everybody else has it, without a domain: for contracts, which bring their own.
Hash blake2b_256(ByteView message);

/// BLAKE2b with 20 bytes of output, for addresses.
Address blake2b_160(const Domain& domain, ByteView message);

/// SHA3-256 (FIPS 202): contract commitments, where the PTSFD paper writes H.
Hash sha3_256(ByteView message);

/// BLAKE2b-256 over pieces.
class Blake2b256 {
  public:
    explicit Blake2b256(const Domain& domain);
    Blake2b256& update(ByteView piece);
    /// Ends the hash; the object is spent.
    Hash finish();

  private:
    struct alignas(64) State {
        std::array<std::uint8_t, 384> opaque{};
    };

    State state_{};
};

}  // namespace polis::crypto
