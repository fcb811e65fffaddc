#include <ledger/modules/contract_machine.hpp>

#include <algorithm>
#include <string>
#include <utility>

#include <core/check.hpp>
#include <core/hex.hpp>
#include <core/integer.hpp>
#include <ledger/contract_gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/contract_host.hpp>
#include <ledger/modules/contract_trace.hpp>
#include <vm/limits.hpp>

namespace polis::ledger::contracts {

namespace {

Answer ended(Ending ending, std::uint64_t gas_left, std::string_view words = {}) {
    return {.ending = ending, .gas_left = gas_left, .output = to_bytes(as_bytes(words))};
}

/// Moves the value that comes with a call. @return kInsufficientBalance or kSuccess
ModuleResult pay(Journal& state, const Message& message) {
    if (message.value == Amount{}) {
        return TxnStatus::kSuccess;
    }
    POLIS_TRY(const TxnStatus taken, bank::debit(state, message.caller, message.value));
    if (taken != TxnStatus::kSuccess) {
        return taken;
    }
    POLIS_TRY(const TxnStatus given, bank::credit(state, message.contract, message.value));
    POLIS_ASSERT(given == TxnStatus::kSuccess);  // all coins together fit
    return given;
}

}  // namespace

std::string_view to_string(Ending ending) {
    switch (ending) {
        case Ending::kDone:
            return "done";
        case Ending::kReverted:
            return "reverted";
        case Ending::kTrapped:
            return "trapped";
        case Ending::kOutOfGas:
            return "out of gas";
        case Ending::kNoContract:
            return "no contract";
        case Ending::kNoMethod:
            return "no method";
        case Ending::kNoCoins:
            return "no coins";
        case Ending::kTooDeep:
            return "too deep";
        case Ending::kUnfit:
            return "unfit";
    }
    return "unknown ending";
}

std::string_view to_string(Touch touch) {
    switch (touch) {
        case Touch::kRead:
            return "read";
        case Touch::kWrite:
            return "write";
        case Touch::kRemove:
            return "remove";
    }
    return "unknown touch";
}

std::optional<std::uint32_t> find_method(const vm::Module& module, std::string_view name) {
    const vm::Export* found = module.find_export(name);
    if (found == nullptr || found->kind != vm::ExternKind::kFunction ||
        module.type_of(found->index) != vm::FuncType{}) {
        return std::nullopt;
    }
    return found->index;
}

template <class Work>
StoreResult<Answer> Machine::undo_unless_done(
    const Message& message, std::uint64_t gas, Work work) {
    if (context_.tracer != nullptr) {
        context_.tracer->on_enter(message, gas);
    }
    const Journal::Checkpoint before = context_.state.checkpoint();
    const std::size_t events = context_.events.size();
    POLIS_TRY(Answer answer, work());
    if (answer.ending != Ending::kDone) {
        context_.state.rollback(before);
        context_.events.resize(events);
    }
    if (context_.tracer != nullptr) {
        context_.tracer->on_leave(answer.ending, answer.gas_left, answer.output);
    }
    return answer;
}

StoreResult<Answer> Machine::call(const Message& message, std::uint64_t gas) {
    return undo_unless_done(message, gas, [&] { return attempt(message, gas); });
}

StoreResult<Answer> Machine::construct(
    const Message& message, const ProgramPtr& program, std::uint64_t gas) {
    Message constructor = message;
    constructor.method = kConstructor;
    return undo_unless_done(constructor, gas, [&]() -> StoreResult<Answer> {
        const bool has_one = program->module().find_export(kConstructor) != nullptr;
        const auto function = find_method(program->module(), kConstructor);
        if (has_one && !function) {
            return ended(
                Ending::kUnfit, gas, "init must be a function without parameters and result");
        }
        return pay_and_run(constructor, program, function, gas);
    });
}

StoreResult<Answer> Machine::attempt(const Message& message, std::uint64_t gas) {
    if (message.depth > vm::kContractDepthMax) {
        return ended(Ending::kTooDeep, gas);
    }
    POLIS_TRY(const auto contract, load_contract(context_.state, message.contract));
    if (!contract) {
        return ended(Ending::kNoContract, gas);
    }
    POLIS_TRY(const ProgramPtr program, load(*contract, gas));
    if (program == nullptr) {
        return ended(Ending::kOutOfGas, 0);
    }
    const auto function = find_method(program->module(), message.method);
    if (!function || message.method == kConstructor) {
        return ended(Ending::kNoMethod, gas);
    }
    return pay_and_run(message, program, function, gas);
}

/// The contract's program, paid for if it is not at hand. @return null if the gas does not suffice
StoreResult<Machine::ProgramPtr> Machine::load(const Contract& contract, std::uint64_t& gas) {
    const auto at_hand = std::ranges::find(loaded_, contract.code, &Loaded::code);
    if (at_hand != loaded_.end()) {
        std::rotate(loaded_.begin(), at_hand, at_hand + 1);
        return loaded_.front().program;
    }
    // The same price whether this machine has the program in its cache or not.
    const std::uint64_t price =
        kContractGas.load + kContractGas.load_byte * std::uint64_t{contract.code_bytes};
    const auto rest = checked_sub(gas, price);
    if (!rest) {
        return ProgramPtr();
    }
    gas = *rest;
    POLIS_TRY(ProgramPtr program, translate(contract));
    loaded_.insert(loaded_.begin(), {contract.code, program});
    if (loaded_.size() > kLoadedProgramsMax) {
        loaded_.pop_back();
    }
    return program;
}

StoreResult<Machine::ProgramPtr> Machine::translate(const Contract& contract) {
    const vm::Rules rules = vm::Rules::contract();
    if (auto known = context_.programs.find(contract.code, rules, vm::kGasSchedule)) {
        return known;
    }
    POLIS_TRY(const Bytes code, load_code(context_.state, contract));
    auto program = vm::Program::compile(code, rules);
    if (!program) {
        return std::unexpected(StoreError{
            StoreErrc::kCorrupt,
            "code " + to_hex(contract.code.view()) +
                " was accepted when it was deployed: " + program.error().message()});
    }
    context_.programs.insert(contract.code, *program);
    return *program;
}

StoreResult<Answer> Machine::pay_and_run(
    const Message& message,
    const ProgramPtr& program,
    std::optional<std::uint32_t> function,
    std::uint64_t gas) {
    POLIS_TRY(const TxnStatus paid, pay(context_.state, message));
    if (paid != TxnStatus::kSuccess) {
        return ended(Ending::kNoCoins, gas);
    }
    return run(message, program, function, gas);
}

StoreResult<Answer> Machine::run(
    const Message& message,
    const ProgramPtr& program,
    std::optional<std::uint32_t> function,
    std::uint64_t gas) {
    const auto rest = checked_sub(gas, program->instantiation_gas());
    if (!rest) {
        return ended(Ending::kOutOfGas, 0);
    }
    ContractHost host(*this, message);
    auto instance = vm::Instance::create(program, host);
    if (!instance) {
        if (instance.error() == vm::LinkError::kNoRoom) {
            return std::unexpected(StoreError{
                StoreErrc::kIo, "no memory for the instance of a contract; give the node more"});
        }
        // Found when the contract is deployed, so never again.
        return ended(Ending::kUnfit, *rest, vm::to_string(instance.error()));
    }
    if (!function) {
        return ended(Ending::kDone, *rest);
    }
    if (context_.tracer != nullptr) {
        (*instance)->observe(context_.tracer->observe(program->module()));
    }
    const vm::Outcome outcome = vm::run(**instance, *function, {}, *rest);
    return host.answer(outcome);
}

}  // namespace polis::ledger::contracts
