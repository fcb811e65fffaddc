#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/contract_host.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <ledger/modules/contract_trace.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/state/journal.hpp>
#include <vm/cache.hpp>

/// The chain around a contract that is run by hand: the ledger's own host functions, at its own
/// prices, over a state in memory that begins empty.
namespace polis::tools::vmtool {

/// What the contract finds.
struct WorldOptions {
    Address caller;
    Address self;
    Amount value;    ///< came with the call
    Amount balance;  ///< that the contract had before
    Height height{1};
    TimeMs time;
    Hash beacon;
    Bytes input;
};

/// A record of the contract's storage that the run touched.
struct TouchedRecord {
    std::optional<std::size_t> before;  ///< bytes when it was first touched; nothing: none
    std::optional<Bytes> after;
};

/// One run's world. Nobody else has a contract in it.
class RunWorld {
  public:
    explicit RunWorld(const WorldOptions& options);
    RunWorld(const RunWorld&) = delete;
    RunWorld& operator=(const RunWorld&) = delete;

    [[nodiscard]] vm::Host& host() { return host_; }

    /// Undoes what a run that failed has done, and says what its caller gets.
    [[nodiscard]] ledger::contracts::Answer finish(const vm::Outcome& outcome);

    [[nodiscard]] std::vector<ledger::contracts::ContractEvent> events() const;

    /// By key.
    [[nodiscard]] std::map<Bytes, TouchedRecord> storage();

  private:
    class EmptyState final : public ledger::StateView {
      public:
        [[nodiscard]] ledger::StoreResult<std::optional<SmallBytes>> get(
            const ledger::StateKey& key) override;
    };

    /// Remembers which keys were touched.
    class Watcher final : public ledger::contracts::Tracer {
      public:
        void on_enter(const ledger::contracts::Message& message, std::uint64_t gas) override;
        void on_leave(
            ledger::contracts::Ending ending, std::uint64_t gas_left, ByteView output) override;
        void on_storage(const ledger::contracts::StorageTouch& touch) override;
        vm::CallObserver* observe(const vm::Module& module) override;

        std::map<Bytes, std::optional<std::size_t>> touched;
    };

    EmptyState empty_;
    ledger::Journal journal_;
    ledger::Params params_;
    std::vector<ledger::Event> events_;
    vm::ProgramCache programs_;
    Watcher watcher_;
    const WorldOptions options_;
    ledger::TxnContext context_;
    ledger::contracts::Machine machine_;
    const ledger::contracts::Message message_;
    ledger::contracts::ContractHost host_;
    ledger::Journal::Checkpoint before_ = 0;
};

}  // namespace polis::tools::vmtool
