#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <core/bytes.hpp>
#include <core/types.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/contract_records.hpp>
#include <vm/cache.hpp>
#include <vm/instance.hpp>
#include <vm/program.hpp>

/// Contracts that run, and call each other: spec [C6] to [C19] of contracts.md.
namespace polis::ledger::contracts {

/// One call of a contract, by a transaction or by another contract.
struct Message {
    Address caller;
    Address contract;
    std::string_view method;
    ByteView input;
    Amount value;             ///< from the caller to the contract
    std::uint32_t depth = 1;  ///< 1: by the transaction
};

/// How a call ended.
enum class Ending : std::uint8_t {
    kDone,
    kReverted,    ///< by the contract; the output is its message
    kTrapped,     ///< the output says how
    kOutOfGas,    ///< the whole limit is used
    kNoContract,  ///< from here on nothing ran
    kNoMethod,
    kNoCoins,  ///< the caller has less than the value
    kTooDeep,  ///< vm::kContractDepthMax calls are open
    kUnfit,    ///< code that cannot be deployed; the output says why
};

std::string_view to_string(Ending ending);

struct Answer {
    Ending ending = Ending::kDone;
    std::uint64_t gas_left = 0;
    Bytes output;
};

/// The contracts of one transaction: what they see, and the programs at hand.
///
/// A call that does not end well leaves nothing behind but the gas that it used: records, coins and
/// events are as before it. An error of the store beneath ends everything and is nobody's fault.
/// One thread.
class Machine {
  public:
    /// @pre context outlives the machine
    explicit Machine(TxnContext& context) : context_(context) {}

    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    /// Runs a method. @param gas that it may use, all it calls included
    [[nodiscard]] StoreResult<Answer> call(const Message& message, std::uint64_t gas);

    /// Runs `init` of a contract that is being deployed, or only makes sure that the code can be
    /// instantiated if it has none. `message.method` does not matter.
    /// @return kUnfit if `init` takes or gives something, or if segments do not fit
    [[nodiscard]] StoreResult<Answer> construct(
        const Message& message,
        const std::shared_ptr<const vm::Program>& program,
        std::uint64_t gas);

    [[nodiscard]] TxnContext& context() { return context_; }

  private:
    struct Loaded {
        Hash code;
        std::shared_ptr<const vm::Program> program;
    };

    using ProgramPtr = std::shared_ptr<const vm::Program>;

    StoreResult<Answer> attempt(const Message& message, std::uint64_t gas);
    StoreResult<ProgramPtr> load(const Contract& contract, std::uint64_t& gas);
    StoreResult<ProgramPtr> translate(const Contract& contract);
    StoreResult<Answer> pay_and_run(
        const Message& message,
        const ProgramPtr& program,
        std::optional<std::uint32_t> function,
        std::uint64_t gas);
    StoreResult<Answer> run(
        const Message& message,
        const ProgramPtr& program,
        std::optional<std::uint32_t> function,
        std::uint64_t gas);
    template <class Work>
    StoreResult<Answer> undo_unless_done(const Message& message, std::uint64_t gas, Work work);

    TxnContext& context_;
    std::vector<Loaded> loaded_;  ///< the last used first
};

/// The name of the constructor, which nobody calls afterwards.
inline constexpr std::string_view kConstructor = "init";

/// The function that a method name stands for: exported, without parameters and result.
[[nodiscard]] std::optional<std::uint32_t> find_method(
    const vm::Module& module, std::string_view name);

}  // namespace polis::ledger::contracts
