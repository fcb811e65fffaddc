#include <ledger/gas.hpp>

#include <cstdint>
#include <variant>

#include <vm/gas_schedule.hpp>

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

    /// Contract, code and the contract's account. The code is translated and kept.
    Gas operator()(const Deploy& deploy) const {
        const std::uint64_t byte = vm::kGasSchedule.deploy_byte + kGasCodeByte.value;
        return Gas{writes(3).value + byte * deploy.code.size()};
    }

    /// The contract's account; what the contract does is metered.
    Gas operator()(const Call&) const { return writes(1); }
};

}  // namespace

Gas intrinsic_gas(const Payload& payload, std::size_t encoded_bytes) {
    // No overflow: encoded_bytes is at most kTxnBytesMax, code vm::kCodeBytesMax.
    return Gas{
        kGasTxnBase.value + kGasTxnByte.value * encoded_bytes +
        std::visit(PayloadGas{}, payload).value};
}

Gas execution_gas_max(const Payload& payload) {
    if (const auto* deploy = std::get_if<Deploy>(&payload)) {
        return deploy->gas;
    }
    if (const auto* call = std::get_if<Call>(&payload)) {
        return call->gas;
    }
    return Gas{};
}

}  // namespace polis::ledger
