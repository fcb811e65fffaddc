#include <core/hash_map.hpp>

#include <sodium.h>

namespace polis {

std::uint64_t table_salt() {
    static const std::uint64_t salt = [] {
        std::uint64_t out = 0;
        ::randombytes_buf(&out, sizeof out);
        return out | 1;
    }();
    return salt;
}

}  // namespace polis
