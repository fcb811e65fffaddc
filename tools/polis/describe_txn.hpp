#pragma once

#include <ledger/block.hpp>
#include <ledger/chain.hpp>
#include <ledger/receipt.hpp>
#include <ledger/transaction.hpp>
#include <tools/polis/report.hpp>

/// Blocks and transactions for people and programs.
namespace polis::tools {

/// One line of a table: place, id, kind, sender, recipient, amount, status.
[[nodiscard]] Report txn_row(
    const ledger::rows::TxnPlace& place,
    const ledger::Transaction& txn,
    const ledger::Receipt& receipt);

[[nodiscard]] Report describe_txn(const ledger::StoredTxn& stored, const Hash& id);

/// Every field of the header.
void describe_header(Report& report, const ledger::Header& header);

}  // namespace polis::tools
