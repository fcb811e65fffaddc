#include <core/crypto/x25519.hpp>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/sodium_init.hpp>

namespace polis::crypto {

X25519Key::X25519Key(const Seed& seed) : secret_(seed.view()) {
    ensure_sodium();
    const int failed =
        crypto_scalarmult_curve25519_base(public_key_.data.data(), secret_.view().data());
    POLIS_ASSERT(failed == 0);
}

std::optional<Secret32> X25519Key::agree(const X25519PublicKey& other) const {
    Secret32 out;
    const int failed = crypto_scalarmult_curve25519(
        out.mutable_view().data(), secret_.view().data(), other.data.data());
    // The library refuses low order too, but that depends on its version and build options.
    if (failed != 0 || sodium_is_zero(out.view().data(), Secret32::kSize) != 0) {
        return std::nullopt;
    }
    return out;
}

}  // namespace polis::crypto
