#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <ledger/modules/contract_trace.hpp>
#include <vm/instance.hpp>

namespace polis::ledger::contracts {

/// Writes down what contracts do: for people who look for the gas or the fault. Bounded; what finds
/// no room is counted. One thread.
class CallLog final : public Tracer, private vm::CallObserver {
  public:
    static constexpr std::size_t kRowsMax = 1'000;  ///< of each list

    struct CallRow {
        std::uint32_t depth = 0;
        Address caller;
        Address contract;
        std::string method;
        Amount value;
        std::uint64_t gas_max = 0;
        std::uint64_t gas_used = 0;  ///< those it called included
        Ending ending = Ending::kDone;
        std::size_t output_bytes = 0;
    };

    /// The gas of a function itself, without those it called.
    struct FunctionRow {
        Address contract;
        std::string name;
        std::uint64_t calls = 0;
        std::uint64_t gas = 0;
    };

    struct StorageRow {
        Address contract;
        Bytes key;
        Touch touch = Touch::kRead;
        std::optional<std::size_t> before;
        std::optional<std::size_t> after;
    };

    [[nodiscard]] const std::vector<CallRow>& calls() const { return calls_; }

    [[nodiscard]] const std::vector<FunctionRow>& functions() const { return functions_; }

    [[nodiscard]] const std::vector<StorageRow>& storage() const { return storage_; }

    /// Rows that found no room.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

    void on_enter(const Message& message, std::uint64_t gas) override;
    void on_leave(Ending ending, std::uint64_t gas_left, ByteView output) override;
    void on_storage(const StorageTouch& touch) override;
    vm::CallObserver* observe(const vm::Module& module) override;

  private:
    /// A contract that runs.
    struct Frame {
        Address contract;
        const vm::Module* module = nullptr;
        std::optional<std::size_t> row;  ///< in calls_
        std::uint64_t gas_max = 0;
        std::uint64_t gas_seen = 0;                    ///< left when somebody was last charged
        std::vector<std::optional<std::size_t>> open;  ///< rows in functions_
    };

    void on_call(std::uint32_t function, std::uint64_t gas_left) override;
    void on_return(std::uint32_t function, std::uint64_t gas_left) override;
    void charge(Frame& frame, std::uint64_t gas_left);
    std::optional<std::size_t> function_row(const Frame& frame, std::string name);

    std::vector<CallRow> calls_;
    std::vector<FunctionRow> functions_;
    std::vector<StorageRow> storage_;
    std::map<std::pair<Address, std::string>, std::size_t> by_name_;  ///< into functions_
    std::vector<Frame> frames_;
    std::uint64_t dropped_ = 0;
};

}  // namespace polis::ledger::contracts
