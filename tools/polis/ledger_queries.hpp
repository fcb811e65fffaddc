#pragma once

#include <cstdint>
#include <string>

#include <tools/polis/arguments.hpp>
#include <tools/polis/command.hpp>

/// The commands of `polis ledger` that only read.
namespace polis::tools {

struct QueryOptions : HomeOptions {
    std::string subject;      ///< a height, an id or an address, checked
    std::uint64_t last = 10;  ///< transactions to show
};

struct ProofCheckOptions {
    std::string file;
    std::string root;  ///< the one that the caller trusts; empty: the proof's own
    bool json = false;
};

[[nodiscard]] Outcome ledger_info(const HomeOptions& options);
[[nodiscard]] Outcome ledger_block(const QueryOptions& options);
[[nodiscard]] Outcome ledger_txn(const QueryOptions& options);
[[nodiscard]] Outcome ledger_account(const QueryOptions& options);
[[nodiscard]] Outcome ledger_proof(const QueryOptions& options);
[[nodiscard]] Outcome ledger_proof_check(const ProofCheckOptions& options);
[[nodiscard]] Outcome ledger_supply(const HomeOptions& options);

}  // namespace polis::tools
