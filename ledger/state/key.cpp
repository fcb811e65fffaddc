#include <ledger/state/key.hpp>

#include <algorithm>
#include <cstring>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>

namespace polis::ledger {

StateKey::StateKey(RecordKind kind, std::initializer_list<ByteView> parts) {
    bytes_[size_++] = static_cast<std::uint8_t>(kind);
    for (const ByteView part : parts) {
        POLIS_ASSERT_OP(part.size(), <=, kStateKeyBytesMax - size_);
        std::ranges::copy(part, bytes_.data() + size_);  // may be empty, and then null
        size_ = static_cast<std::uint8_t>(size_ + part.size());
    }
    set_path();
}

StateKey StateKey::from_bytes(ByteView bytes) {
    POLIS_ASSERT(!bytes.empty() && bytes.size() <= kStateKeyBytesMax);
    StateKey out;
    std::memcpy(out.bytes_.data(), bytes.data(), bytes.size());
    out.size_ = static_cast<std::uint8_t>(bytes.size());
    out.set_path();
    return out;
}

void StateKey::set_path() { path_ = path_of(bytes()); }

Hash path_of(ByteView key) { return crypto::blake2b_256(crypto::kDomainStatePath, key); }

}  // namespace polis::ledger
