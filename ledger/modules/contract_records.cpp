#include <ledger/modules/contract_records.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <core/check.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/hash.hpp>
#include <core/hex.hpp>
#include <ledger/limits.hpp>
#include <ledger/state/record.hpp>
#include <vm/limits.hpp>

namespace polis::ledger::contracts {

namespace {

constexpr std::size_t kPiecesMax = vm::kCodeBytesMax / kCodePieceBytes + 1;
static_assert(kPiecesMax <= std::numeric_limits<std::uint16_t>::max());
static_assert(kCodePieceBytes <= kStateValueBytesMax);

std::array<std::uint8_t, 2> big_endian_2(std::uint16_t value) {
    return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xff)};
}

}  // namespace

Address contract_address(const Address& sender, Nonce nonce) {
    Bytes bytes = to_bytes(sender.view());
    codec::encode_to(bytes, nonce);
    return crypto::blake2b_160(crypto::kDomainContract, bytes);
}

Address genesis_address(const Address& creator, std::uint64_t index) {
    return contract_address(creator, Nonce{std::numeric_limits<std::uint64_t>::max() - index});
}

Hash code_hash(ByteView code) { return crypto::blake2b_256(crypto::kDomainCode, code); }

StateKey contract_key(const Address& contract) {
    return StateKey(RecordKind::kContract, {contract.view()});
}

StateKey code_key(const Hash& code, std::uint16_t piece) {
    return StateKey(RecordKind::kCode, {code.view(), big_endian_2(piece)});
}

StateKey storage_key(const Address& contract, ByteView key) {
    const Hash name = crypto::blake2b_256(crypto::kDomainStorage, key);
    return StateKey(RecordKind::kStorage, {contract.view(), name.view()});
}

StoreResult<std::optional<Contract>> load_contract(StateView& state, const Address& contract) {
    return load_record<Contract>(state, contract_key(contract));
}

StoreResult<void> save_contract(Journal& state, const Address& address, const Contract& contract) {
    return save_record(state, contract_key(address), contract);
}

StoreResult<Bytes> load_code(StateView& state, const Contract& contract) {
    Bytes code;
    if (contract.code_bytes <= vm::kCodeBytesMax) {
        code.reserve(contract.code_bytes);
    }
    for (std::uint16_t piece = 0; code.size() < contract.code_bytes; ++piece) {
        const StateKey key = code_key(contract.code, piece);
        POLIS_TRY(const auto bytes, state.get(key));
        const std::size_t expected =
            std::min<std::size_t>(contract.code_bytes - code.size(), kCodePieceBytes);
        if (!bytes || bytes->size() != expected) {
            return std::unexpected(StoreError{
                StoreErrc::kCorrupt,
                "code " + to_hex(contract.code.view()) + ": piece " + std::to_string(piece) +
                    (bytes ? " has another size" : " is missing")});
        }
        const ByteView view = bytes->view();
        code.insert(code.end(), view.begin(), view.end());
    }
    return code;
}

StoreResult<void> save_code(Journal& state, const Hash& hash, ByteView code) {
    POLIS_ASSERT_OP(code.size(), <=, vm::kCodeBytesMax);
    std::uint16_t piece = 0;
    for (std::size_t begin = 0; begin < code.size(); begin += kCodePieceBytes) {
        const StateKey key = code_key(hash, piece++);
        POLIS_TRY(const auto* known, state.peek(key));
        if (*known) {
            continue;
        }
        const std::size_t count = std::min(code.size() - begin, kCodePieceBytes);
        POLIS_TRY_VOID(state.put(key, code.subspan(begin, count)));
    }
    return {};
}

StoreResult<std::optional<SmallBytes>> load_storage(
    StateView& state, const Address& contract, ByteView key) {
    return state.get(storage_key(contract, key));
}

}  // namespace polis::ledger::contracts
