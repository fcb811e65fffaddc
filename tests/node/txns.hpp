#pragma once

#include <cstddef>
#include <cstdint>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <genesis/builder.hpp>
#include <ledger/transaction.hpp>
#include <node/validator/validator.hpp>

/// Transactions between the accounts of a development genesis.
namespace polis::node::testing {

/// Signed: coins from account `from` to account `to`.
ledger::Transaction transfer_txn(
    const genesis::Genesis& genesis,
    std::size_t from,
    std::size_t to,
    std::uint64_t amount,
    std::uint64_t nonce);

/// The same, encoded.
Bytes transfer(
    const genesis::Genesis& genesis,
    std::size_t from,
    std::size_t to,
    std::uint64_t amount,
    std::uint64_t nonce);

/// Signed: account `from` deploys this code.
Bytes deployment(
    const genesis::Genesis& genesis, std::size_t from, Bytes code, std::uint64_t nonce);

Address account(std::size_t index);
std::uint64_t balance_of(Validator& node, std::size_t account_index);

}  // namespace polis::node::testing
