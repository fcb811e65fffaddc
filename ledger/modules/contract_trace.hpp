#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <vm/instance.hpp>

namespace polis::ledger::contracts {

/// Sees what contracts do; without influence on it. Calls come strictly nested.
class Tracer {
  public:
    virtual ~Tracer() = default;

    /// A contract is about to be called. @param gas that it may use
    virtual void on_enter(const Message& message, std::uint64_t gas) = 0;

    /// The call that was entered last and not left yet is over.
    virtual void on_leave(Ending ending, std::uint64_t gas_left, ByteView output) = 0;

    /// The contract that was entered last touched its storage. @param before bytes of the value
    /// that was there, @param after of the one that is; nothing: none
    virtual void on_storage(
        ByteView key, std::optional<std::size_t> before, std::optional<std::size_t> after) = 0;

    /// Watches the functions of the contract that was entered last; may be null.
    virtual vm::CallObserver* observe(const vm::Module& module) = 0;
};

}  // namespace polis::ledger::contracts
