#include <ledger/modules/contract_host.hpp>

#include <algorithm>
#include <array>
#include <iterator>

#include <core/check.hpp>
#include <core/codec/utf8.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/hash.hpp>
#include <core/integer.hpp>
#include <ledger/account.hpp>
#include <ledger/contract_gas.hpp>
#include <ledger/limits.hpp>
#include <ledger/modules/bank.hpp>
#include <ledger/modules/contract_trace.hpp>
#include <ledger/modules/contracts.hpp>

namespace polis::ledger::contracts {

namespace {

using vm::HostCall;
using vm::HostFunction;
using vm::Trap;

constexpr std::uint64_t eighths(std::uint64_t bytes) { return (bytes + 7) / 8; }

/// The base of every host function, and so much for each begun 8 bytes.
std::optional<Trap> pay(
    HostCall& call, std::uint64_t bytes, std::uint64_t more = 0, std::uint64_t byte_8 = 0) {
    // No overflow: bytes are at most those of a memory.
    const std::uint64_t rate = vm::kGasSchedule.host_byte_8 + byte_8;
    return call.charge(vm::kGasSchedule.host_base + more + rate * eighths(bytes));
}

/// The length behind a pointer.
std::uint64_t size_at(const HostCall& call, std::size_t arg) { return call.args[arg + 1]; }

std::string over(std::string_view what, std::uint64_t size, std::uint64_t size_max) {
    return std::string(what) + " of " + std::to_string(size) + " bytes, at most " +
           std::to_string(size_max);
}

u128 read_u128(ByteView bytes) {
    u128 out = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
        out = (out << 8) | bytes[i - 1];
    }
    return out;
}

std::array<std::uint8_t, 16> little_endian(u128 value) {
    std::array<std::uint8_t, 16> out{};
    for (std::uint8_t& byte : out) {
        byte = static_cast<std::uint8_t>(value & 0xff);
        value >>= 8;
    }
    return out;
}

std::optional<std::size_t> size_of(const auto& value) {
    return value ? std::optional{value->size()} : std::nullopt;
}

vm::CallEnd call_end(Ending ending) {
    switch (ending) {
        case Ending::kDone:
            return vm::CallEnd::kDone;
        case Ending::kReverted:
            return vm::CallEnd::kReverted;
        case Ending::kTrapped:
        case Ending::kOutOfGas:
            return vm::CallEnd::kTrapped;
        case Ending::kNoContract:
        case Ending::kNoMethod:
        case Ending::kNoCoins:
        case Ending::kTooDeep:
        case Ending::kUnfit:
            return vm::CallEnd::kRefused;
    }
    return vm::CallEnd::kRefused;
}

constexpr std::size_t kFunctions = static_cast<std::size_t>(HostFunction::kRequestEvaluation) + 1;

}  // namespace

std::optional<u128> mul_div_128(u128 a, u128 b, u128 c) {
    constexpr u128 kLow = ~std::uint64_t{0};
    const u128 low = (a & kLow) * (b & kLow);
    const u128 left = (a >> 64) * (b & kLow);
    const u128 right = (a & kLow) * (b >> 64);
    const u128 middle = (low >> 64) + (left & kLow) + (right & kLow);
    const u128 product_low = (middle << 64) | (low & kLow);
    u128 rest = (a >> 64) * (b >> 64) + (left >> 64) + (right >> 64) + (middle >> 64);
    if (rest >= c) {  // also if c is 0
        return std::nullopt;
    }
    u128 quotient = 0;
    for (int bit = 127; bit >= 0; --bit) {
        const bool carry = (rest >> 127) != 0;
        rest = (rest << 1) | ((product_low >> bit) & 1);
        quotient <<= 1;
        if (carry || rest >= c) {
            rest -= c;
            quotient |= 1;
        }
    }
    return quotient;
}

/// In the order of HostFunction.
const ContractHost::Handler ContractHost::kHandlers[] = {
    &ContractHost::input,         &ContractHost::set_return,
    &ContractHost::revert,        &ContractHost::storage_get,
    &ContractHost::storage_set,   &ContractHost::storage_remove,
    &ContractHost::sha3,          &ContractHost::blake2b,
    &ContractHost::ed25519,       &ContractHost::caller,
    &ContractHost::self,          &ContractHost::value,
    &ContractHost::balance,       &ContractHost::transfer,
    &ContractHost::height,        &ContractHost::time,
    &ContractHost::beacon,        &ContractHost::emit,
    &ContractHost::call_contract, &ContractHost::returned,
    &ContractHost::mul_div,       &ContractHost::request_evaluation};

std::optional<Trap> ContractHost::call(std::uint32_t function, HostCall& call) {
    static_assert(std::size(kHandlers) == kFunctions);
    POLIS_ASSERT_OP(function, <, kFunctions);  // the module was accepted
    return (this->*kHandlers[function])(call);
}

StoreResult<Answer> ContractHost::answer(const vm::Outcome& outcome) {
    if (fault_) {
        return std::unexpected(*std::move(fault_));
    }
    Answer out;
    out.gas_left = outcome.gas_left;
    if (!outcome.trap) {
        out.output = std::move(output_);
        return out;
    }
    switch (*outcome.trap) {
        case Trap::kOutOfGas:
            out.ending = Ending::kOutOfGas;
            out.gas_left = 0;
            break;
        case Trap::kHost:
            out.ending = reverted_ ? Ending::kReverted : Ending::kTrapped;
            out.output = std::move(message_out_);
            break;
        case Trap::kUnreachable:
        case Trap::kDivideByZero:
        case Trap::kIntegerOverflow:
        case Trap::kMemoryBounds:
        case Trap::kTableBounds:
        case Trap::kEmptyElement:
        case Trap::kSignature:
        case Trap::kStackExhausted:
        case Trap::kFloat:
            out.ending = Ending::kTrapped;
            out.output = to_bytes(as_bytes(vm::to_string(*outcome.trap)));
            break;
    }
    return out;
}

// ---- memory of the contract ---------------------------------------------------------------------

ContractHost::End ContractHost::refuse(std::string why) {
    message_out_ = to_bytes(as_bytes(why));
    return Trap::kHost;
}

ContractHost::End ContractHost::fail(StoreError error) {
    fault_ = std::move(error);
    return Trap::kHost;
}

/// The bytes at (p, n), arguments `arg` and the next.
ContractHost::End ContractHost::read(const HostCall& call, std::size_t arg, ByteView& out) {
    const auto bytes = call.bytes(call.args[arg], call.args[arg + 1]);
    if (!bytes) {
        return Trap::kMemoryBounds;
    }
    out = *bytes;
    return std::nullopt;
}

/// Writes to the room (p, n) if the bytes fit; the result is how many there are.
ContractHost::End ContractHost::give(HostCall& call, std::size_t arg, ByteView bytes) {
    const auto room = call.bytes(call.args[arg], call.args[arg + 1]);
    if (!room) {
        return Trap::kMemoryBounds;
    }
    if (bytes.size() <= room->size()) {
        std::ranges::copy(bytes, room->begin());
    }
    call.result = bytes.size();
    return std::nullopt;
}

/// Writes to (p), where the contract has room for exactly these.
ContractHost::End ContractHost::fill(const HostCall& call, std::size_t arg, ByteView bytes) {
    const auto room = call.bytes(call.args[arg], bytes.size());
    if (!room) {
        return Trap::kMemoryBounds;
    }
    std::ranges::copy(bytes, room->begin());
    return std::nullopt;
}

// ---- arguments and results ----------------------------------------------------------------------

ContractHost::End ContractHost::input(HostCall& call) {
    if (const auto end = pay(call, message_.input.size())) {
        return end;
    }
    return give(call, 0, message_.input);
}

ContractHost::End ContractHost::set_return(HostCall& call) {
    const std::uint64_t size = size_at(call, 0);
    if (size > kContractOutputBytesMax) {
        return refuse(over("return: a value", size, kContractOutputBytesMax));
    }
    if (const auto end = pay(call, size, kContractGas.output_byte * size)) {
        return end;
    }
    ByteView bytes;
    if (const auto end = read(call, 0, bytes)) {
        return end;
    }
    output_ = to_bytes(bytes);
    return std::nullopt;
}

ContractHost::End ContractHost::revert(HostCall& call) {
    const std::uint64_t size = size_at(call, 0);
    if (size > kContractOutputBytesMax) {
        return refuse(over("revert: a message", size, kContractOutputBytesMax));
    }
    if (const auto end = pay(call, size, kContractGas.output_byte * size)) {
        return end;
    }
    ByteView bytes;
    if (const auto end = read(call, 0, bytes)) {
        return end;
    }
    message_out_ = to_bytes(bytes);
    reverted_ = true;
    return Trap::kHost;
}

// ---- storage ------------------------------------------------------------------------------------

/// Pays for the key in arguments 0 and 1, and `price`.
ContractHost::End ContractHost::storage_name(HostCall& call, std::uint64_t price, ByteView& key) {
    const std::uint64_t size = size_at(call, 0);
    if (size > kStorageKeyBytesMax) {
        return refuse(over("storage: a key", size, kStorageKeyBytesMax));
    }
    if (const auto end = pay(call, size, price, kContractGas.blake2b_byte_8)) {
        return end;
    }
    return read(call, 0, key);
}

ContractHost::End ContractHost::storage_get(HostCall& call) {
    ByteView key;
    if (const auto end = storage_name(call, kContractGas.storage_read, key)) {
        return end;
    }
    const StateKey name = storage_key(message_.contract, key);
    const auto found = context_.state.peek(name);
    if (!found) {
        return fail(found.error());
    }
    const std::optional<SmallBytes>& value = **found;
    if (context_.tracer != nullptr) {
        const auto size = size_of(value);
        context_.tracer->on_storage(
            {.key = key, .kind = Touch::kRead, .before = size, .after = size});
    }
    if (!value) {
        call.result = ~std::uint32_t{0};  // -1 as i32
        return std::nullopt;
    }
    const std::uint64_t copy = vm::kGasSchedule.host_byte_8 * eighths(value->size());
    if (const auto end = call.charge(copy + kContractGas.storage_read_byte * value->size())) {
        return end;
    }
    return give(call, 2, value->view());
}

ContractHost::End ContractHost::storage_set(HostCall& call) {
    const std::uint64_t size = size_at(call, 2);
    if (size > kStorageValueBytesMax) {
        return refuse(over("storage_set: a value", size, kStorageValueBytesMax));
    }
    const std::uint64_t copy = vm::kGasSchedule.host_byte_8 * eighths(size);
    const std::uint64_t price =
        kContractGas.storage_write + kContractGas.storage_write_byte * size + copy;
    ByteView key;
    if (const auto end = storage_name(call, price, key)) {
        return end;
    }
    ByteView value;
    if (const auto end = read(call, 2, value)) {
        return end;
    }
    return write_storage(key, value);
}

ContractHost::End ContractHost::storage_remove(HostCall& call) {
    ByteView key;
    if (const auto end = storage_name(call, kContractGas.storage_write, key)) {
        return end;
    }
    return write_storage(key, std::nullopt);
}

ContractHost::End ContractHost::write_storage(ByteView key, const std::optional<ByteView>& value) {
    const StateKey name = storage_key(message_.contract, key);
    if (context_.tracer != nullptr) {
        const auto before = context_.state.peek(name);
        if (!before) {
            return fail(before.error());
        }
        context_.tracer->on_storage(
            {.key = key,
             .kind = value ? Touch::kWrite : Touch::kRemove,
             .before = size_of(**before),
             .after = size_of(value)});
    }
    const auto written = value ? context_.state.put(name, *value) : context_.state.remove(name);
    return written ? std::nullopt : fail(written.error());
}

// ---- cryptography and numbers -------------------------------------------------------------------

ContractHost::End ContractHost::sha3(HostCall& call) {
    if (const auto end = pay(call, size_at(call, 0), kContractGas.sha3, kContractGas.sha3_byte_8)) {
        return end;
    }
    ByteView bytes;
    if (const auto end = read(call, 0, bytes)) {
        return end;
    }
    return fill(call, 2, crypto::sha3_256(bytes).view());
}

ContractHost::End ContractHost::blake2b(HostCall& call) {
    if (const auto end =
            pay(call, size_at(call, 0), kContractGas.blake2b, kContractGas.blake2b_byte_8)) {
        return end;
    }
    ByteView bytes;
    if (const auto end = read(call, 0, bytes)) {
        return end;
    }
    return fill(call, 2, crypto::blake2b_256(bytes).view());
}

ContractHost::End ContractHost::ed25519(HostCall& call) {
    if (const auto end =
            pay(call, size_at(call, 2), kContractGas.ed25519, kContractGas.ed25519_byte_8)) {
        return end;
    }
    const auto key = call.bytes(call.args[0], PublicKey::kSize);
    const auto signature = call.bytes(call.args[1], Signature::kSize);
    ByteView signed_bytes;
    const auto end = read(call, 2, signed_bytes);
    if (!key || !signature || end) {
        return Trap::kMemoryBounds;
    }
    const bool valid =
        crypto::verify(PublicKey::from_view(*key), signed_bytes, Signature::from_view(*signature));
    call.result = valid ? 1 : 0;
    return std::nullopt;
}

ContractHost::End ContractHost::mul_div(HostCall& call) {
    if (const auto end = pay(call, 4 * sizeof(u128), kContractGas.mul_div)) {
        return end;
    }
    std::array<u128, 3> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto bytes = call.bytes(call.args[i], sizeof(u128));
        if (!bytes) {
            return Trap::kMemoryBounds;
        }
        numbers[i] = read_u128(*bytes);
    }
    const auto quotient = mul_div_128(numbers[0], numbers[1], numbers[2]);
    call.result = quotient ? 1 : 0;
    return quotient ? fill(call, 3, little_endian(*quotient)) : std::nullopt;
}

// ---- the world ----------------------------------------------------------------------------------

ContractHost::End ContractHost::caller(HostCall& call) {
    if (const auto end = pay(call, Address::kSize)) {
        return end;
    }
    return fill(call, 0, message_.caller.view());
}

ContractHost::End ContractHost::self(HostCall& call) {
    if (const auto end = pay(call, Address::kSize)) {
        return end;
    }
    return fill(call, 0, message_.contract.view());
}

ContractHost::End ContractHost::value(HostCall& call) {
    call.result = message_.value.value;
    return pay(call, 0);
}

ContractHost::End ContractHost::height(HostCall& call) {
    call.result = context_.height.value;
    return pay(call, 0);
}

ContractHost::End ContractHost::time(HostCall& call) {
    call.result = context_.time.value;
    return pay(call, 0);
}

ContractHost::End ContractHost::beacon(HostCall& call) {
    if (const auto end = pay(call, Hash::kSize)) {
        return end;
    }
    return fill(call, 0, context_.beacon.view());
}

ContractHost::End ContractHost::balance(HostCall& call) {
    if (const auto end = pay(call, Address::kSize, kContractGas.account_read)) {
        return end;
    }
    const auto address = call.bytes(call.args[0], Address::kSize);
    if (!address) {
        return Trap::kMemoryBounds;
    }
    const auto account = load_account(context_.state, Address::from_view(*address));
    if (!account) {
        return fail(account.error());
    }
    call.result = account->balance.value;
    return std::nullopt;
}

ContractHost::End ContractHost::transfer(HostCall& call) {
    if (const auto end = pay(call, Address::kSize, kContractGas.transfer)) {
        return end;
    }
    const auto address = call.bytes(call.args[0], Address::kSize);
    if (!address) {
        return Trap::kMemoryBounds;
    }
    const Amount amount{call.args[1]};
    const auto taken = bank::debit(context_.state, message_.contract, amount);
    if (!taken) {
        return fail(taken.error());
    }
    call.result = *taken == TxnStatus::kSuccess ? 1 : 0;
    if (call.result == 0) {
        return std::nullopt;
    }
    const auto given = bank::credit(context_.state, Address::from_view(*address), amount);
    if (!given) {
        return fail(given.error());
    }
    POLIS_ASSERT(*given == TxnStatus::kSuccess);  // all coins together fit
    return std::nullopt;
}

ContractHost::End ContractHost::emit(HostCall& call) {
    const std::uint64_t name_size = size_at(call, 0);
    const std::uint64_t data_size = size_at(call, 2);
    if (name_size > kContractEventNameBytesMax) {
        return refuse(over("emit: a name", name_size, kContractEventNameBytesMax));
    }
    if (data_size > kContractEventDataBytesMax) {
        return refuse(over("emit: data", data_size, kContractEventDataBytesMax));
    }
    const std::uint64_t size = name_size + data_size;
    if (const auto end = pay(call, size, kContractGas.emit + kContractGas.event_byte * size)) {
        return end;
    }
    ByteView name;
    ByteView data;
    if (read(call, 0, name) || read(call, 2, data)) {
        return Trap::kMemoryBounds;
    }
    if (!codec::is_utf8(name)) {
        return refuse("emit: the name is not UTF-8");
    }
    if (context_.events.size() >= kReceiptEventsMax) {
        return refuse(
            "emit: a transaction has at most " + std::to_string(kReceiptEventsMax) + " events");
    }
    context_.emit(
        std::string(kContractEvent),
        ContractEvent{message_.contract, std::string(as_text(name)), to_bytes(data)});
    return std::nullopt;
}

ContractHost::End ContractHost::call_contract(HostCall& call) {
    const std::uint64_t input_size = size_at(call, 3);
    const Amount value{call.args[5]};
    if (input_size > kContractInputBytesMax) {
        return refuse(over("call: an input", input_size, kContractInputBytesMax));
    }
    if (size_at(call, 1) > vm::kNameBytesMax) {
        return refuse(over("call: a method's name", size_at(call, 1), vm::kNameBytesMax));
    }
    const std::uint64_t price = kContractGas.call + (value != Amount{} ? kContractGas.transfer : 0);
    if (const auto end = pay(call, Address::kSize + size_at(call, 1) + input_size, price)) {
        return end;
    }
    const auto address = call.bytes(call.args[0], Address::kSize);
    ByteView method;
    ByteView input;
    if (!address || read(call, 1, method) || read(call, 3, input)) {
        return Trap::kMemoryBounds;
    }
    const Message message{
        .caller = message_.contract,
        .contract = Address::from_view(*address),
        .method = as_text(method),
        .input = input,
        .value = value,
        .depth = message_.depth + 1};
    const std::uint64_t limit = std::min(call.args[6], call.gas_left);
    auto answer = machine_.call(message, limit);
    if (!answer) {
        return fail(std::move(answer).error());
    }
    call.gas_left -= limit - answer->gas_left;
    last_ = std::move(answer->output);
    call.result = static_cast<std::uint64_t>(call_end(answer->ending));
    return std::nullopt;
}

ContractHost::End ContractHost::returned(HostCall& call) {
    if (const auto end = pay(call, last_.size())) {
        return end;
    }
    return give(call, 0, last_);
}

ContractHost::End ContractHost::request_evaluation(HostCall& call) {
    if (const auto end = pay(call, 0)) {
        return end;
    }
    return refuse("request_evaluation: this chain does not evaluate yet");
}

}  // namespace polis::ledger::contracts
