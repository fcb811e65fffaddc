#pragma once

#include <vector>

#include <consensus/facts/fact.hpp>
#include <core/types.hpp>
#include <ledger/block.hpp>
#include <ledger/transaction.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>

namespace polis::tools::learning {

/// A block as far as a round can see it.
struct HistoryBlock {
    ledger::Header header;
    std::vector<ledger::Transaction> txns;  ///< those that succeeded
    std::vector<consensus::Fact> facts;
};

/// Blocks first to last, each with its hash as the next one names it, so that a node cannot leave
/// out or change one in the middle. @error the node has not all of them, or they do not fit
[[nodiscard]] Fallible<std::vector<HistoryBlock>> fetch_blocks(
    RpcClient& client, Height first, Height last);

}  // namespace polis::tools::learning
