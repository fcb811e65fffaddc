#include <ledger/payload.hpp>

namespace polis::ledger {

Amount amount_moved(const Payload& payload) {
    if (const auto* transfer = std::get_if<Transfer>(&payload)) {
        return transfer->amount;
    }
    if (const auto* delegate = std::get_if<Delegate>(&payload)) {
        return delegate->amount;
    }
    if (const auto* task = std::get_if<SubmitTask>(&payload)) {
        return Amount{saturating_add(task->spec.reward.value, task->spec.bond.value)};
    }
    if (const auto* deploy = std::get_if<Deploy>(&payload)) {
        return deploy->value;
    }
    if (const auto* call = std::get_if<Call>(&payload)) {
        return call->value;
    }
    return Amount{};
}

}  // namespace polis::ledger
