#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <core/bytes.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <vm/instance.hpp>

namespace polis::ledger::contracts {

enum class Touch : std::uint8_t { kRead, kWrite, kRemove };

std::string_view to_string(Touch touch);

struct StorageTouch {
    ByteView key;
    Touch kind = Touch::kRead;
    std::optional<std::size_t> before;  ///< bytes of the value that was there; nothing: none
    std::optional<std::size_t> after;
};

/// Sees what contracts do; without influence on it. Calls come strictly nested.
class Tracer {
  public:
    virtual ~Tracer() = default;

    /// A contract is about to be called. @param gas that it may use
    virtual void on_enter(const Message& message, std::uint64_t gas) = 0;

    /// The call that was entered last and not left yet is over.
    virtual void on_leave(Ending ending, std::uint64_t gas_left, ByteView output) = 0;

    /// The contract that was entered last touched its storage.
    virtual void on_storage(const StorageTouch& touch) = 0;

    /// Watches the functions of the contract that was entered last; may be null.
    virtual vm::CallObserver* observe(const vm::Module& module) = 0;
};

}  // namespace polis::ledger::contracts
