// Transactions from the network: a named error or a value with one encoding, in bounded memory, and
// both forms of check() agree.
#include <cstddef>
#include <cstdint>
#include <optional>

#include <core/crypto/address.hpp>
#include <ledger/gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/transaction.hpp>
#include <tests/fuzz/alloc_guard.hpp>
#include <tests/fuzz/round_trip.hpp>

namespace polis::ledger {
namespace {

constexpr TxnRules kRules{
    .chain_id = ChainId{7}, .block_gas_max = Gas{100'000'000}, .gas_price_min = GasPrice{1}};

Result<CheckedTxn, TxnError> check_guarded(ByteView encoded) {
    const fuzz::AllocGuard guard(encoded.size());
    return check(encoded, kRules);
}

void check_values(const CheckedTxn& checked, ByteView encoded) {
    const TxnBody& body = checked.txn.body;
    POLIS_ASSERT(checked.id == txn_id(encoded));
    POLIS_ASSERT(checked.sender == crypto::address_of(body.sender));
    POLIS_ASSERT_OP(checked.encoded_bytes, ==, encoded.size());
    POLIS_ASSERT(body.gas_limit >= checked.intrinsic_gas);
    POLIS_ASSERT(body.gas_limit <= kRules.block_gas_max);
    POLIS_ASSERT(checked.fee_max == fee_of(body.gas_limit, body.gas_price));
    (void)signature_valid(checked.txn);
}

/// One unit of gas decides: at the intrinsic gas and what the payload asks for execution the limit
/// is high enough, below it is not.
void check_gas_edge(const CheckedTxn& checked) {
    Transaction txn = checked.txn;
    const auto needed = checked_add(checked.intrinsic_gas, execution_gas_max(txn.body.payload));
    POLIS_ASSERT(needed.has_value());
    txn.body.gas_limit = *needed;
    POLIS_ASSERT(check(txn, kRules).has_value());
    txn.body.gas_limit = Gas{needed->value - 1};
    const auto below = check(txn, kRules);
    POLIS_ASSERT(!below && below.error() == TxnError::kGasTooLow);
}

void run(ByteView input) {
    const auto checked = check_guarded(input);
    const auto decoded = fuzz::decode_canonical<Transaction>(input);
    if (!decoded) {
        POLIS_ASSERT(checked.error() == TxnError::kMalformed || input.size() > kTxnBytesMax);
        return;
    }
    const auto again = check(*decoded, kRules);
    POLIS_ASSERT(checked.has_value() == again.has_value());
    if (!checked) {
        POLIS_ASSERT(checked.error() == again.error());
        return;
    }
    check_values(*checked, input);
    check_gas_edge(*checked);
}

}  // namespace
}  // namespace polis::ledger

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    polis::ledger::run({data, size});
    return 0;
}
