#include <core/crypto/hash.hpp>

#include <new>

#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/sodium_init.hpp>

namespace polis::crypto {

namespace {

void blake2b(std::span<std::uint8_t> out, const Domain& domain, ByteView message) {
    ensure_sodium();
    const int failed = crypto_generichash_blake2b_salt_personal(
        out.data(),
        out.size(),
        message.data(),
        message.size(),
        /*key=*/nullptr,
        /*keylen=*/0,
        /*salt=*/nullptr,
        domain.tag.data());
    POLIS_ASSERT(failed == 0);
}

}  // namespace

Hash blake2b_256(const Domain& domain, ByteView message) {
    Hash out;
    blake2b(out.data, domain, message);
    return out;
}

Hash blake2b_256(ByteView message) {
    constexpr Domain kNone(std::string_view("\0", 1));
    return blake2b_256(kNone, message);
}

Address blake2b_160(const Domain& domain, ByteView message) {
    Address out;
    blake2b(out.data, domain, message);
    return out;
}

Blake2b256::Blake2b256(const Domain& domain) {
    static_assert(sizeof(State) >= sizeof(crypto_generichash_blake2b_state));
    static_assert(alignof(State) >= alignof(crypto_generichash_blake2b_state));
    ensure_sodium();
    auto* state = new (&state_) crypto_generichash_blake2b_state;
    const int failed = crypto_generichash_blake2b_init_salt_personal(
        state, /*key=*/nullptr, /*keylen=*/0, Hash::kSize, /*salt=*/nullptr, domain.tag.data());
    POLIS_ASSERT(failed == 0);
}

Blake2b256& Blake2b256::update(ByteView piece) {
    auto* state = reinterpret_cast<crypto_generichash_blake2b_state*>(&state_);
    POLIS_ASSERT(crypto_generichash_blake2b_update(state, piece.data(), piece.size()) == 0);
    return *this;
}

Hash Blake2b256::finish() {
    auto* state = reinterpret_cast<crypto_generichash_blake2b_state*>(&state_);
    Hash out;
    POLIS_ASSERT(crypto_generichash_blake2b_final(state, out.data.data(), Hash::kSize) == 0);
    return out;
}

}  // namespace polis::crypto
