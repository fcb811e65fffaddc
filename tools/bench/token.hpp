#pragma once

#include <core/types.hpp>
#include <ledger/payload.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>
#include <tools/load/transactions.hpp>

namespace polis::tools::bench {

/// The example contract genesis/contracts/token.cpp on the chain of a benchmark, with units for
/// every account.
class TokenContract {
  public:
    /// Deploys it and divides its units. @error this program was built without clang for wasm32;
    /// what the node says
    [[nodiscard]] Fallible<void> prepare(RpcClient& node, LoadAccounts& accounts);

    /// Sends one unit. @pre prepare()
    [[nodiscard]] ledger::Payload transfer(const Address& to) const;

  private:
    [[nodiscard]] ledger::Call call_transfer(const Address& to, std::uint64_t units) const;

    Address contract_;
    Gas gas_;  ///< for one transfer
};

}  // namespace polis::tools::bench
