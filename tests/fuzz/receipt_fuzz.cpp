// Receipts, one and as a list: one encoding each, within their limits, and a root over any list.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ledger/limits.hpp>
#include <ledger/receipt.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::ledger {
namespace {

void check_limits(const Receipt& receipt) {
    POLIS_ASSERT_OP(receipt.events.size(), <=, kReceiptEventsMax);
    for (const Event& event : receipt.events) {
        POLIS_ASSERT_OP(event.name.size(), <=, kEventNameBytesMax);
        POLIS_ASSERT_OP(event.data.size(), <=, kEventDataBytesMax);
    }
    POLIS_ASSERT_OP(receipt.output.size(), <=, kContractOutputBytesMax);
    POLIS_ASSERT(to_string(receipt.status) != "unknown status");
}

void run(ByteView input) {
    if (const auto receipt = fuzz::decode_canonical<Receipt>(input)) {
        check_limits(*receipt);
    }
    if (const auto list = fuzz::decode_canonical<std::vector<Receipt>>(input)) {
        for (const Receipt& receipt : *list) {
            check_limits(receipt);
        }
        POLIS_ASSERT(receipts_root(*list).is_zero() == list->empty());
    }
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::ledger::run({data, size});
    return 0;
}
