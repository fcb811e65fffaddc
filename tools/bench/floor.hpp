#pragma once

#include <cstddef>
#include <span>

#include <tools/load/transactions.hpp>

namespace polis::tools::bench {

/// That this program may use.
[[nodiscard]] std::size_t all_cores();

/// Processor time of one signature verification by libsodium, in microseconds, of transactions that
/// the nodes verify too. With every core at it, as nodes under load have it, each takes longer than
/// one alone: cores share what computes. The median of several rounds over all transactions.
/// @pre there are transactions, cores > 0
[[nodiscard]] double verification_us(std::span<const SignedTxn> txns, std::size_t cores);

}  // namespace polis::tools::bench
