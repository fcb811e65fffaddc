#pragma once

#include <cstdint>

#include <vm/gas_schedule.hpp>

/// What contracts pay for beside their instructions, in units of gas. Protocol constants.
namespace polis::ledger {

/// An instruction costs 1, so these are about how many instructions could run in the same time;
/// what every node keeps for ever costs more than its time. Each is paid before the work is done.
/// Source: docs/spec/contracts.md [C20].
struct ContractGas {
    std::uint64_t storage_read = 1'000;     ///< two hashes and a look-up that may go to the disk
    std::uint64_t storage_read_byte = 1;    ///< of the value
    std::uint64_t storage_write = 3'000;    ///< and the hashes on the way up to the state root
    std::uint64_t storage_write_byte = 10;  ///< of the value
    std::uint64_t account_read = 1'000;
    std::uint64_t transfer = 5'000;  ///< two accounts, each read and written
    std::uint64_t call = 2'000;      ///< the contract's record, a frame
    std::uint64_t load = 2'000;      ///< a program that this transaction does not have at hand
    std::uint64_t load_byte = 4;     ///< of its code, which may have to be translated again
    std::uint64_t emit = 500;
    std::uint64_t event_byte = 4;   ///< of a receipt; as much as a byte of a transaction
    std::uint64_t output_byte = 4;  ///< the same
    std::uint64_t sha3 = 300;       ///< one permutation
    std::uint64_t sha3_byte_8 = 12;
    std::uint64_t blake2b = 200;  ///< one compression
    std::uint64_t blake2b_byte_8 = 4;
    std::uint64_t ed25519 = 25'000;  ///< a verification
    std::uint64_t ed25519_byte_8 = 6;
    std::uint64_t mul_div = 900;  ///< 128 steps of a long division
};

inline constexpr ContractGas kContractGas{};

}  // namespace polis::ledger
