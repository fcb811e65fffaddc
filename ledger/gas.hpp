#pragma once

#include <cstddef>

#include <core/types.hpp>
#include <ledger/payload.hpp>

/// What transactions cost. Protocol constants: a change is a change of the protocol.
namespace polis::ledger {

inline constexpr Gas kGasTxnBase{1'000};   ///< signature, nonce, fee accounting
inline constexpr Gas kGasTxnByte{4};       ///< bandwidth and storage of the encoded transaction
inline constexpr Gas kGasStateWrite{200};  ///< each record that the payload may write
inline constexpr Gas kGasSignature{2'000};
inline constexpr Gas kGasTaskLife{20'000};   ///< what blocks later do for a task: open, settle
inline constexpr Gas kGasEntryLife{10'000};  ///< what they do for an entry: score, rank, pay

inline constexpr Gas kGasCodeByte{10};  ///< of a contract, which every node keeps for ever

/// Gas that a transaction of this payload and encoded size uses at least.
/// For all payloads but those of contracts it is also the most.
[[nodiscard]] Gas intrinsic_gas(const Payload& payload, std::size_t encoded_bytes);

/// What the execution of contracts may use beside: the payload's own limit, 0 for all others.
[[nodiscard]] Gas execution_gas_max(const Payload& payload);

}  // namespace polis::ledger
