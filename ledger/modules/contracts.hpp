#pragma once

#include <string>
#include <string_view>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/types.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/context.hpp>
#include <ledger/modules/contract_machine.hpp>
#include <ledger/modules/contract_records.hpp>
#include <ledger/payload.hpp>

/// Contracts on chain: deploy and call. Spec: docs/spec/contracts.md.
namespace polis::ledger::contracts {

/// The name of every event that a contract emits; which one, its data say.
inline constexpr std::string_view kContractEvent = "contract";
inline constexpr std::string_view kDeployedEvent = "contract.deployed";

// Events; their data are the encodings of the structs.
struct ContractEvent {
    Address contract;
    std::string name;  ///< as the contract calls it
    Bytes data;

    bool operator==(const ContractEvent&) const = default;
    static constexpr auto kFields = codec::fields(
        &ContractEvent::contract,
        codec::bounded(&ContractEvent::name, kContractEventNameBytesMax),
        codec::bounded(&ContractEvent::data, kContractEventDataBytesMax));
};

struct Deployed {
    Address contract;
    Address creator;
    Hash code;

    bool operator==(const Deployed&) const = default;
    static constexpr auto kFields =
        codec::fields(&Deployed::contract, &Deployed::creator, &Deployed::code);
};

/// Adds to context.gas_used and sets context.output; both stay if the payload fails.
/// @return kCodeRejected, kInsufficientBalance, kReverted, kTrapped, kOutOfGas or kSuccess
[[nodiscard]] ModuleResult apply(TxnContext& context, const Deploy& deploy);

/// The same. @return kNoContract, kNoMethod, kInsufficientBalance, kReverted, kTrapped, kOutOfGas
/// or kSuccess
[[nodiscard]] ModuleResult apply(TxnContext& context, const Call& call);

/// Makes a contract at `address`, which has none. As apply(), with the sender as the creator.
[[nodiscard]] ModuleResult deploy_at(
    TxnContext& context, const Address& address, const Deploy& deploy);

}  // namespace polis::ledger::contracts
