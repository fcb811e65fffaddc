#include <core/hash_map.hpp>

#include <cstring>

#include <core/crypto/ed25519.hpp>

namespace polis {

std::uint64_t table_salt() {
    static const std::uint64_t salt = [] {
        const crypto::Seed random = crypto::Seed::generate();
        std::uint64_t out = 0;
        std::memcpy(&out, random.view().data(), sizeof out);
        return out | 1;
    }();
    return salt;
}

}  // namespace polis
