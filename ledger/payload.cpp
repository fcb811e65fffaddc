#include <ledger/payload.hpp>

namespace polis::ledger {

Amount amount_moved(const Payload& payload) {
    if (const auto* transfer = std::get_if<Transfer>(&payload)) {
        return transfer->amount;
    }
    if (const auto* delegate = std::get_if<Delegate>(&payload)) {
        return delegate->amount;
    }
    return Amount{};
}

}  // namespace polis::ledger
