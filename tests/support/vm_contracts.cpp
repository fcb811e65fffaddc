#include <stdexcept>
#include <string>
#include <utility>

#include <core/crypto/hash.hpp>
#include <ledger/account.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/contracts.hpp>
#include <ledger/params.hpp>
#include <ledger/state/journal.hpp>
#include <tests/support/contract_world.hpp>
#include <tests/support/ledger_world.hpp>
#include <vm/cache.hpp>

/// Contracts in wasm, run by the ledger's own module over a state in memory.
namespace polis::tests {

namespace {

class VmWorld final : public ContractWorld {
  public:
    void fund(const Address& account, Amount amount) override {
        ledger_.mint(account, amount.value);
    }

    Amount balance(const Address& account) override { return {ledger_.balance(account)}; }

    Ended try_deploy(
        const Address& from,
        std::string_view name,
        const Bytes& input,
        CallOptions options) override {
        const Nonce nonce{deployed_++};
        const ledger::Deploy deploy{
            .code = wasm_contract(name),
            .input = input,
            .value = options.value,
            .gas = Gas{options.gas}};
        Ended out = apply(from, deploy, nonce);
        out.contract = ledger::contracts::contract_address(from, nonce);
        return out;
    }

    Ended try_call(
        const Address& from,
        const Address& contract,
        std::string_view method,
        const Bytes& input,
        CallOptions options) override {
        const ledger::Call call{
            .contract = contract,
            .method = std::string(method),
            .input = input,
            .value = options.value,
            .gas = Gas{options.gas}};
        Ended out = apply(from, call, Nonce{});
        out.contract = contract;
        return out;
    }

    std::optional<Bytes> storage(const Address& contract, ByteView key) override {
        const auto found =
            ledger::testing::must(ledger::contracts::load_storage(ledger_.state, contract, key));
        return found ? std::optional{to_bytes(found->view())} : std::nullopt;
    }

  private:
    template <class Payload>
    Ended apply(const Address& from, const Payload& payload, Nonce nonce) {
        const auto before = ledger_.state.checkpoint();
        std::vector<ledger::Event> events;
        ledger::TxnContext context{
            .state = ledger_.state,
            .params = ledger_.params,
            .height = block.height,
            .sender = from,
            .events = events,
            .programs = ledger_.programs,
            .time = block.time,
            .nonce = nonce,
            .beacon = block.beacon};
        const auto status = ledger::testing::must(ledger::contracts::apply(context, payload));
        Ended out;
        out.how = how_of(status);
        out.gas = context.gas_used.value;
        out.output = context.output;
        if (!out.is_done()) {
            ledger_.state.rollback(before);
            out.message = std::string(as_text(context.output));
            if (out.message.empty()) {
                out.message = std::string(to_string(status));
            }
            return out;
        }
        for (const ledger::Event& event : events) {
            if (event.name == ledger::contracts::kContractEvent) {
                auto data = decoded<ledger::contracts::ContractEvent>(event.data);
                out.events.push_back({data.contract, std::move(data.name), std::move(data.data)});
            }
        }
        return out;
    }

    static Ended::How how_of(ledger::TxnStatus status) {
        if (status == ledger::TxnStatus::kSuccess) {
            return Ended::How::kDone;
        }
        if (status == ledger::TxnStatus::kReverted) {
            return Ended::How::kReverted;
        }
        if (status == ledger::TxnStatus::kTrapped) {
            return Ended::How::kTrapped;
        }
        return status == ledger::TxnStatus::kOutOfGas ? Ended::How::kOutOfGas
                                                      : Ended::How::kRefused;
    }

    ledger::testing::ModuleWorld ledger_;
    std::uint64_t deployed_ = 0;
};

}  // namespace

std::unique_ptr<ContractWorld> make_vm_world() { return std::make_unique<VmWorld>(); }

}  // namespace polis::tests
