#include <p2p/noise/symmetric_state.hpp>

#include <utility>

#include <core/crypto/hkdf.hpp>
#include <core/crypto/sha256.hpp>

namespace polis::p2p::noise {

SymmetricState::SymmetricState(std::string_view protocol_name) {
    if (protocol_name.size() <= Hash::kSize) {
        std::ranges::copy(as_bytes(protocol_name), hash_.data.begin());
    } else {
        hash_ = crypto::sha256({as_bytes(protocol_name)});
    }
    chaining_key_ = crypto::Secret32(hash_.view());
}

void SymmetricState::mix_key(ByteView input) {
    crypto::KeyPair256 keys = crypto::hkdf_noise(chaining_key_, input);
    chaining_key_ = std::move(keys.first);
    cipher_.emplace(std::move(keys.second));
}

void SymmetricState::mix_hash(ByteView data) { hash_ = crypto::sha256({hash_.view(), data}); }

void SymmetricState::encrypt_and_hash(Bytes& out, ByteView plain) {
    const std::size_t begin = out.size();
    out.resize(begin + plain.size() + overhead());
    const std::span<std::uint8_t> written = std::span(out).subspan(begin);
    if (cipher_) {
        cipher_->encrypt(written, hash_.view(), plain);
    } else {
        std::ranges::copy(plain, written.begin());
    }
    mix_hash(written);
}

bool SymmetricState::decrypt_and_hash(Bytes& out, ByteView sealed) {
    if (sealed.size() < overhead()) {
        return false;
    }
    const std::size_t begin = out.size();
    out.resize(begin + sealed.size() - overhead());
    const std::span<std::uint8_t> written = std::span(out).subspan(begin);
    if (!cipher_) {
        std::ranges::copy(sealed, written.begin());
    } else if (!cipher_->decrypt(written, hash_.view(), sealed)) {
        return false;
    }
    mix_hash(sealed);
    return true;
}

Ciphers SymmetricState::split() {
    crypto::KeyPair256 keys = crypto::hkdf_noise(chaining_key_, {});
    return {CipherState(std::move(keys.first)), CipherState(std::move(keys.second))};
}

}  // namespace polis::p2p::noise
