#include <sodium.h>

#include <core/check.hpp>
#include <core/crypto/sodium_init.hpp>

namespace polis::crypto {

void ensure_sodium() {
    static const bool ready = sodium_init() >= 0;  // 1: somebody else has initialised it already
    POLIS_ASSERT(ready);
}

}  // namespace polis::crypto
