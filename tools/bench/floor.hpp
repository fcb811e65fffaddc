#pragma once

#include <span>

#include <tools/load/transactions.hpp>

namespace polis::tools::bench {

/// Processor time of one signature verification by libsodium, in microseconds, of transactions that
/// the nodes verify too: with every core at it, as nodes under load have it. The median of several
/// rounds over all of them. @pre there are transactions
[[nodiscard]] double verification_us(std::span<const SignedTxn> txns);

}  // namespace polis::tools::bench
