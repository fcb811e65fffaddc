#pragma once

namespace polis::crypto {

/// Initialises libsodium on the first call, from whichever thread comes first; free afterwards.
/// Without it libsodium runs its portable code: BLAKE2b at half the speed, but the same bytes.
void ensure_sodium();

}  // namespace polis::crypto
