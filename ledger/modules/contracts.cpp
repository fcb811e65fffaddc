#include <ledger/modules/contracts.hpp>

#include <utility>

#include <core/check.hpp>

namespace polis::ledger::contracts {

namespace {

TxnStatus status_of(Ending ending) {
    switch (ending) {
        case Ending::kDone:
            return TxnStatus::kSuccess;
        case Ending::kReverted:
            return TxnStatus::kReverted;
        case Ending::kTrapped:
        case Ending::kTooDeep:  // of a call by a contract, which then goes on
            return TxnStatus::kTrapped;
        case Ending::kOutOfGas:
            return TxnStatus::kOutOfGas;
        case Ending::kNoContract:
            return TxnStatus::kNoContract;
        case Ending::kNoMethod:
            return TxnStatus::kNoMethod;
        case Ending::kNoCoins:
            return TxnStatus::kInsufficientBalance;
        case Ending::kUnfit:
            return TxnStatus::kCodeRejected;
    }
    return TxnStatus::kTrapped;
}

TxnStatus settle(TxnContext& context, Gas limit, Answer answer) {
    POLIS_ASSERT_OP(answer.gas_left, <=, limit.value);
    context.gas_used.value += limit.value - answer.gas_left;  // within the transaction's limit
    context.output = std::move(answer.output);
    return status_of(answer.ending);
}

/// The part of a message that fits into a receipt.
Bytes message_bytes(std::string_view text) {
    return to_bytes(as_bytes(text.substr(0, kContractOutputBytesMax)));
}

}  // namespace

ModuleResult apply(TxnContext& context, const Deploy& deploy) {
    return deploy_at(context, contract_address(context.sender, context.nonce), deploy);
}

ModuleResult deploy_at(TxnContext& context, const Address& address, const Deploy& deploy) {
    const Hash hash = code_hash(deploy.code);
    const vm::Rules rules = vm::Rules::contract();
    auto program = context.programs.find(hash, rules, vm::kGasSchedule);
    if (program == nullptr) {
        auto translated = vm::Program::compile(deploy.code, rules);
        if (!translated) {
            context.output = message_bytes(translated.error().message());
            return TxnStatus::kCodeRejected;
        }
        program = *std::move(translated);
        context.programs.insert(hash, program);
    }
    const Contract record{
        .code = hash,
        .code_bytes = static_cast<std::uint32_t>(deploy.code.size()),
        .creator = context.sender,
        .height = context.height};
    POLIS_TRY_VOID(save_contract(context.state, address, record));
    POLIS_TRY_VOID(save_code(context.state, hash, deploy.code));
    context.emit(std::string(kDeployedEvent), Deployed{address, context.sender, hash});
    Machine machine(context);
    const Message message{
        .caller = context.sender,
        .contract = address,
        .method = {},
        .input = deploy.input,
        .value = deploy.value};
    POLIS_TRY(Answer answer, machine.construct(message, program, deploy.gas.value));
    return settle(context, deploy.gas, std::move(answer));
}

ModuleResult apply(TxnContext& context, const Call& call) {
    Machine machine(context);
    const Message message{
        .caller = context.sender,
        .contract = call.contract,
        .method = call.method,
        .input = call.input,
        .value = call.value};
    POLIS_TRY(Answer answer, machine.call(message, call.gas.value));
    return settle(context, call.gas, std::move(answer));
}

}  // namespace polis::ledger::contracts
