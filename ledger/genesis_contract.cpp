#include <ledger/genesis_contract.hpp>

#include <utility>
#include <vector>

#include <ledger/execution.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/contracts.hpp>

namespace polis::ledger {

StoreResult<GenesisDeployment> deploy_genesis_contract(
    Journal& state,
    const Params& params,
    TimeMs time,
    const GenesisContract& contract,
    std::uint64_t index) {
    const Journal::Checkpoint before = state.checkpoint();
    vm::ProgramCache programs(kProgramCacheBytes);
    std::vector<Event> events;  // nobody hears them: block 0 has no receipts
    TxnContext context{
        .state = state,
        .params = params,
        .height = Height{0},
        .sender = contract.creator,
        .events = events,
        .programs = programs,
        .time = time};
    GenesisDeployment out;
    out.address = contracts::genesis_address(contract.creator, index);
    POLIS_TRY(out.status, bank::credit(state, contract.creator, contract.value));
    if (out.status == TxnStatus::kSuccess) {
        const Deploy deploy{
            .code = contract.code,
            .input = contract.input,
            .value = contract.value,
            .gas = kGenesisContractGas};
        POLIS_TRY(out.status, contracts::deploy_at(context, out.address, deploy));
    }
    if (out.status != TxnStatus::kSuccess) {
        state.rollback(before);
        out.output = std::move(context.output);
    }
    return out;
}

}  // namespace polis::ledger
