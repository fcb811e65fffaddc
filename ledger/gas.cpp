#include <ledger/gas.hpp>

#include <cstdint>
#include <variant>

namespace polis::ledger {

namespace {

constexpr Gas writes(std::uint64_t count) { return Gas{count * kGasStateWrite.value}; }

/// Records written beside the sender's account, and signatures checked.
struct PayloadGas {
    Gas operator()(const Transfer&) const { return writes(1); }

    Gas operator()(const RegisterValidator&) const {
        return Gas{writes(3).value + kGasSignature.value};
    }

    Gas operator()(const Delegate&) const { return writes(2); }

    Gas operator()(const Unbond&) const { return writes(4); }

    Gas operator()(const Withdraw&) const { return writes(2); }

    Gas operator()(const Unjail&) const { return writes(1); }

    /// Validator, list of candidates, supply and offence. Unbonding pools that are cut as well are
    /// not counted: who reports does not know them.
    Gas operator()(const ReportEvidence&) const {
        return Gas{writes(4).value + 2 * kGasSignature.value};
    }

    /// Task, list of waiting ones, three wanted blobs; and as much for one that it displaces.
    Gas operator()(const SubmitTask&) const { return Gas{writes(10).value + kGasTaskLife.value}; }

    /// Task, entry, list of entrants.
    Gas operator()(const CommitModel&) const { return Gas{writes(3).value + kGasEntryLife.value}; }

    Gas operator()(const RevealModel&) const { return writes(2); }

    Gas operator()(const RevealTestKey&) const { return writes(1); }

    /// Task, list of waiting ones, three wanted blobs, list of closed ones.
    Gas operator()(const CancelTask&) const { return writes(7); }
};

}  // namespace

Gas intrinsic_gas(const Payload& payload, std::size_t encoded_bytes) {
    // No overflow: encoded_bytes is at most kTxnBytesMax.
    return Gas{
        kGasTxnBase.value + kGasTxnByte.value * encoded_bytes +
        std::visit(PayloadGas{}, payload).value};
}

}  // namespace polis::ledger
