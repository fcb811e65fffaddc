#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <core/random.hpp>
#include <ledger/payload.hpp>
#include <tools/client/rpc_client.hpp>
#include <tools/failure.hpp>
#include <tools/load/transactions.hpp>

/// What a benchmark's transactions do.
namespace polis::tools::bench {

class Workload {
  public:
    virtual ~Workload() = default;

    /// Puts on the chain what the transactions need, and waits until it is final. May use the
    /// accounts. @error why it cannot
    [[nodiscard]] virtual Fallible<void> prepare(RpcClient& /*node*/, LoadAccounts& /*accounts*/) {
        return {};
    }

    /// What the next transaction does, which is that account's.
    [[nodiscard]] virtual ledger::Payload next(
        std::size_t sender, const LoadAccounts& accounts, Random& random) = 0;
};

/// A workload by name; a new one joins by a line in workload.cpp.
struct WorkloadKind {
    std::string_view name;
    std::string_view about;
    std::unique_ptr<Workload> (*make)();
};

[[nodiscard]] std::span<const WorkloadKind> workload_kinds();

/// @error no such workload, and which there are
[[nodiscard]] Fallible<std::unique_ptr<Workload>> make_workload(std::string_view name);

}  // namespace polis::tools::bench
