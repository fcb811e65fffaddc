#pragma once

#include <span>

#include <ledger/receipt.hpp>
#include <ledger/store/key_value.hpp>
#include <ledger/store/rows.hpp>
#include <ledger/validation.hpp>

namespace polis::ledger {

/// A row with its seal: see rows::seal_of.
void put_sealed(WriteBatch& batch, ByteView key, ByteView value);

/// Appends everything that a block leaves behind beside the state: the block, its receipts, the
/// indexes by hash, executed transaction and account, and the new head. In key order, table by
/// table. @pre a receipt for each transaction
void put_block_rows(
    WriteBatch& batch,
    const CheckedBlock& block,
    std::span<const Receipt> receipts,
    const Head& head);

}  // namespace polis::ledger
