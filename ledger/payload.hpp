#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <consensus/pbft/evidence.hpp>
#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/task_spec.hpp>
#include <vm/limits.hpp>

/// What a transaction asks for. The position in `Payload` is the tag on the wire: append only.
namespace polis::ledger {

struct Transfer {
    Address to;
    Amount amount;

    bool operator==(const Transfer&) const = default;
    static constexpr auto kFields = codec::fields(&Transfer::to, &Transfer::amount);
};

/// Makes the sender a validator. `possession` is the consensus key's signature over
/// staking::possession_message, so that nobody registers a key that is not theirs.
struct RegisterValidator {
    PublicKey consensus_key;
    VrfPublicKey vrf_key;
    std::uint16_t commission_bps = 0;  ///< the operator's part of rewards, in 1/100 %
    Signature possession;

    bool operator==(const RegisterValidator&) const = default;
    static constexpr auto kFields = codec::fields(
        &RegisterValidator::consensus_key,
        &RegisterValidator::vrf_key,
        &RegisterValidator::commission_bps,
        &RegisterValidator::possession);
};

/// Puts the sender's coins behind a validator; with the sender's own address, stakes for itself.
/// Buys as many whole shares of the pool as `amount` pays for; the rest stays with the sender.
struct Delegate {
    Address validator;
    Amount amount;

    bool operator==(const Delegate&) const = default;
    static constexpr auto kFields = codec::fields(&Delegate::validator, &Delegate::amount);
};

/// Starts to take delegated coins back; they can be withdrawn after the unbonding time.
struct Unbond {
    Address validator;
    std::optional<Amount> amount;  ///< at least this, by whole shares; nothing: all of it

    bool operator==(const Unbond&) const = default;
    static constexpr auto kFields = codec::fields(&Unbond::validator, &Unbond::amount);
};

/// Collects what the sender unbonded from a validator in one era.
struct Withdraw {
    Address validator;
    std::uint64_t era = 0;

    bool operator==(const Withdraw&) const = default;
    static constexpr auto kFields = codec::fields(&Withdraw::validator, &Withdraw::era);
};

/// Brings the sender, a validator that was slashed, back once its jail time is over.
struct Unjail {
    bool operator==(const Unjail&) const = default;
    static constexpr auto kFields = codec::fields();
};

/// Proves that a validator signed what no honest one signs; it is slashed. Anybody may report it.
struct ReportEvidence {
    pbft::Evidence evidence;

    bool operator==(const ReportEvidence&) const = default;
    static constexpr auto kFields = codec::fields(&ReportEvidence::evidence);
};

/// Offers a learning task: takes reward and bond from the sender. Its id: tasks::task_id().
struct SubmitTask {
    TaskSpec spec;

    bool operator==(const SubmitTask&) const = default;
    static constexpr auto kFields = codec::fields(&SubmitTask::spec);
};

/// Commits the sender, a validator, to a model in the open round of a task; takes the trainers'
/// bond.
struct CommitModel {
    Hash task;
    Hash commitment;  ///< consensus::pole::commitment_hash()

    bool operator==(const CommitModel&) const = default;
    static constexpr auto kFields = codec::fields(&CommitModel::task, &CommitModel::commitment);
};

/// Names the model that the sender committed to.
struct RevealModel {
    Hash task;
    Hash model;  ///< blob root
    Hash salt;

    bool operator==(const RevealModel&) const = default;
    static constexpr auto kFields =
        codec::fields(&RevealModel::task, &RevealModel::model, &RevealModel::salt);
};

/// Makes the key of the test set known; by whoever has it.
struct RevealTestKey {
    Hash task;
    Hash key;

    bool operator==(const RevealTestKey&) const = default;
    static constexpr auto kFields = codec::fields(&RevealTestKey::task, &RevealTestKey::key);
};

/// Takes the sender's task back before a round opens for it.
struct CancelTask {
    Hash task;

    bool operator==(const CancelTask&) const = default;
    static constexpr auto kFields = codec::fields(&CancelTask::task);
};

/// Makes a contract of code; its address: contracts::contract_address(). Runs its `init` with
/// `input`, if it has one.
struct Deploy {
    Bytes code;    ///< WebAssembly
    Bytes input;   ///< for `init`
    Amount value;  ///< from the sender to the contract
    Gas gas;       ///< that execution may use beyond the intrinsic gas

    bool operator==(const Deploy&) const = default;
    static constexpr auto kFields = codec::fields(
        codec::bounded(&Deploy::code, vm::kCodeBytesMax),
        codec::bounded(&Deploy::input, kContractInputBytesMax),
        &Deploy::value,
        &Deploy::gas);
};

/// Runs a method of a contract.
struct Call {
    Address contract;
    std::string method;  ///< the name of an exported function
    Bytes input;
    Amount value;  ///< from the sender to the contract
    Gas gas;       ///< that execution may use beyond the intrinsic gas

    bool operator==(const Call&) const = default;
    static constexpr auto kFields = codec::fields(
        &Call::contract,
        codec::bounded(&Call::method, vm::kNameBytesMax),
        codec::bounded(&Call::input, kContractInputBytesMax),
        &Call::value,
        &Call::gas);
};

using Payload = std::variant<
    Transfer,
    RegisterValidator,
    Delegate,
    Unbond,
    Withdraw,
    Unjail,
    ReportEvidence,
    SubmitTask,
    CommitModel,
    RevealModel,
    RevealTestKey,
    CancelTask,
    Deploy,
    Call>;

/// Coins that the payload takes from the sender's balance beside the fee, as far as it says itself;
/// the largest amount if they exceed 64 bits. A trainer's bond stands in its task.
[[nodiscard]] Amount amount_moved(const Payload& payload);

}  // namespace polis::ledger
