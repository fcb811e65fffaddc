#pragma once

#include <cstdint>
#include <optional>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/small_bytes.hpp>
#include <core/types.hpp>
#include <ledger/state/journal.hpp>
#include <ledger/state/view.hpp>

/// What the state holds of contracts: spec [C1] to [C5] of contracts.md.
namespace polis::ledger::contracts {

/// That an address is a contract. Its coins are an account like any other.
struct Contract {
    Hash code;                     ///< code_hash()
    std::uint32_t code_bytes = 0;  ///< not 0
    Address creator;
    Height height;  ///< of the block that deployed it

    bool operator==(const Contract&) const = default;
    static constexpr auto kFields = codec::fields(
        &Contract::code, &Contract::code_bytes, &Contract::creator, &Contract::height);
};

/// Of the contract that the sender's transaction of this nonce deploys.
[[nodiscard]] Address contract_address(const Address& sender, Nonce nonce);

/// Of the contract that stands at `index` in a genesis: counted from the last nonce, which no
/// transaction reaches.
[[nodiscard]] Address genesis_address(const Address& creator, std::uint64_t index);

[[nodiscard]] Hash code_hash(ByteView code);

[[nodiscard]] StateKey contract_key(const Address& contract);

/// Code lies in pieces of kCodePieceBytes, once for all contracts that share it.
[[nodiscard]] StateKey code_key(const Hash& code, std::uint16_t piece);

/// Keys of a contract's storage may be longer than those of the state, so they are hashed.
[[nodiscard]] StateKey storage_key(const Address& contract, ByteView key);

/// @return nothing if there is no contract at this address
[[nodiscard]] StoreResult<std::optional<Contract>> load_contract(
    StateView& state, const Address& contract);
[[nodiscard]] StoreResult<void> save_contract(
    Journal& state, const Address& address, const Contract& contract);

/// @error kCorrupt if a piece is missing or of another size
[[nodiscard]] StoreResult<Bytes> load_code(StateView& state, const Contract& contract);

/// Code that is there already stays as it is.
[[nodiscard]] StoreResult<void> save_code(Journal& state, const Hash& hash, ByteView code);

/// The value that a contract stored. @return nothing if there is none
[[nodiscard]] StoreResult<std::optional<SmallBytes>> load_storage(
    StateView& state, const Address& contract, ByteView key);

}  // namespace polis::ledger::contracts
