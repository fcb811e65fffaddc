#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <vm/host.hpp>
#include <vm/trap.hpp>

namespace polis::ledger::contracts {

/// The world of one running contract: every host function, charged before it works.
class ContractHost final : public vm::Host {
  public:
    /// @pre both outlive the host
    ContractHost(Machine& machine, const Message& message)
        : machine_(machine), context_(machine.context()), message_(message) {}

    [[nodiscard]] std::optional<vm::Trap> call(std::uint32_t function, vm::HostCall& call) override;

    /// What the caller gets of a run that ended so. @error what the store beneath answered
    [[nodiscard]] StoreResult<Answer> answer(const vm::Outcome& outcome);

  private:
    using End = std::optional<vm::Trap>;
    using Handler = End (ContractHost::*)(vm::HostCall&);
    static const Handler kHandlers[];

    End input(vm::HostCall& call);
    End set_return(vm::HostCall& call);
    End revert(vm::HostCall& call);
    End storage_get(vm::HostCall& call);
    End storage_set(vm::HostCall& call);
    End storage_remove(vm::HostCall& call);
    End sha3(vm::HostCall& call);
    End blake2b(vm::HostCall& call);
    End ed25519(vm::HostCall& call);
    End caller(vm::HostCall& call);
    End self(vm::HostCall& call);
    End value(vm::HostCall& call);
    End balance(vm::HostCall& call);
    End transfer(vm::HostCall& call);
    End height(vm::HostCall& call);
    End time(vm::HostCall& call);
    End beacon(vm::HostCall& call);
    End emit(vm::HostCall& call);
    End call_contract(vm::HostCall& call);
    End returned(vm::HostCall& call);
    End mul_div(vm::HostCall& call);
    End request_evaluation(vm::HostCall& call);

    /// Ends the run: the contract asked for what is not allowed. `why` says what, and the limit.
    End refuse(std::string why);

    /// Ends everything: the store beneath failed.
    End fail(StoreError error);

    End read(const vm::HostCall& call, std::size_t arg, ByteView& out);
    End give(vm::HostCall& call, std::size_t arg, ByteView bytes);
    End fill(const vm::HostCall& call, std::size_t arg, ByteView bytes);
    End storage_name(vm::HostCall& call, std::uint64_t price, ByteView& key);
    End write_storage(ByteView key, const std::optional<ByteView>& value);

    Machine& machine_;
    TxnContext& context_;
    const Message& message_;
    Bytes output_;       ///< what kReturn set
    Bytes last_;         ///< output of the contract called last
    Bytes message_out_;  ///< of kRevert, or why the run was ended
    bool reverted_ = false;
    std::optional<StoreError> fault_;
};

/// floor(a * b / c) in 256 bits between. @return nothing if c is 0 or it exceeds 128 bits
[[nodiscard]] std::optional<u128> mul_div_128(u128 a, u128 b, u128 c);

}  // namespace polis::ledger::contracts
