#include <tests/ledger/contracts/puppet.hpp>

#include <array>

#include <core/check.hpp>
#include <core/codec/borsh.hpp>
#include <tests/vm/wasm_builder.hpp>
#include <vm/host.hpp>

namespace polis::ledger::testing {

namespace {

using vm::HostFunction;
using vm::ValueType;
using vm::tests::Code;
using vm::tests::ModuleBuilder;
namespace op = vm::tests::op;

constexpr std::uint8_t kI32Eq = 0x46;
constexpr std::uint8_t kI32Ne = 0x47;
constexpr std::uint8_t kI32GeU = 0x4f;
constexpr std::uint8_t kI32Load16U = 0x2f;

// Places in memory.
constexpr std::int32_t kMethodName = 0;  ///< "run"
constexpr std::int32_t kRoom = 512;
constexpr std::int32_t kRoomBytes = 300;
constexpr std::int32_t kInput = 1'024;
constexpr std::int32_t kInputMax = 40'000;

// Locals of `run`.
constexpr std::uint32_t kAt = 0;
constexpr std::uint32_t kEnd = 1;
constexpr std::uint32_t kOp = 2;
constexpr std::uint32_t kCallEnd = 3;
constexpr std::uint32_t kCount = 4;

enum Step : std::uint8_t {
    kSet = 1,
    kRemove,
    kEmit,
    kTransfer,
    kCall,
    kRevert,
    kTrap,
    kBurn,
    kGiveBack,
    kGiveBackStored,
    kBadPointer,
    kExpectCall,
    kGiveBackReturned,
    kGiveBackWorld
};

std::uint32_t host(HostFunction function) { return static_cast<std::uint32_t>(function); }

Code& at(Code& code, std::int32_t offset) { return code.get(kAt).i32(offset).op(op::kI32Add); }

/// at += the constant, and what the code leaves.
Code& go_on(Code& code, std::int32_t bytes) {
    return code.get(kAt).op(op::kI32Add).i32(bytes).op(op::kI32Add).set(kAt).br(1);
}

Code& go_on_by(Code& code, std::int32_t bytes) { return go_on(code.i32(0), bytes); }

Code& begin_step(Code& code, Step step) { return code.get(kOp).i32(step).op(kI32Eq).if_(); }

Code& byte_at(Code& code, std::uint32_t offset) {
    return code.get(kAt).memory(op::kI32Load8U, offset);
}

void storage_steps(Code& code) {
    begin_step(code, kSet);
    at(code, 1).i32(1);
    at(code, 3);
    byte_at(code, 2).call(host(HostFunction::kStorageSet));
    go_on(byte_at(code, 2), 3).end();
    begin_step(code, kRemove);
    at(code, 1).i32(1).call(host(HostFunction::kStorageRemove));
    go_on_by(code, 2).end();
    begin_step(code, kGiveBackStored);
    at(code, 1).i32(1).i32(kRoom).i32(kRoomBytes).call(host(HostFunction::kStorageGet));
    code.tee(kCount).i32(-1).op(kI32Ne).if_();
    code.i32(kRoom).get(kCount).call(host(HostFunction::kReturn)).end();
    go_on_by(code, 2).end();
    begin_step(code, kBadPointer);
    at(code, 0).i32(1).i32(-1).i32(2).call(host(HostFunction::kStorageSet));
    go_on_by(code, 1).end();
}

void money_steps(Code& code) {
    begin_step(code, kEmit);
    at(code, 0).i32(1);
    at(code, 2);
    byte_at(code, 1).call(host(HostFunction::kEmit));
    go_on(byte_at(code, 1), 2).end();
    begin_step(code, kTransfer);
    at(code, 1).get(kAt).memory(op::kI64Load, 21);
    code.call(host(HostFunction::kTransfer)).op(op::kDrop);
    go_on_by(code, 29).end();
    begin_step(code, kCall);
    at(code, 1).i32(kMethodName).i32(3);
    at(code, 39).get(kAt).memory(kI32Load16U, 37);
    code.get(kAt).memory(op::kI64Load, 21).get(kAt).memory(op::kI64Load, 29);
    code.call(host(HostFunction::kCall)).set(kCallEnd);
    go_on(code.get(kAt).memory(kI32Load16U, 37), 39).end();
    begin_step(code, kExpectCall);
    byte_at(code, 1).get(kCallEnd).op(kI32Ne).if_().op(op::kUnreachable).end();
    go_on_by(code, 2).end();
    begin_step(code, kGiveBackReturned);
    code.i32(kRoom).i32(kRoom).i32(kRoomBytes).call(host(HostFunction::kReturned));
    code.call(host(HostFunction::kReturn));
    go_on_by(code, 1).end();
}

void world_step(Code& code) {
    begin_step(code, kGiveBackWorld);
    code.i32(kRoom).call(host(HostFunction::kCaller));
    code.i32(kRoom + 20).call(host(HostFunction::kSelf));
    code.i32(kRoom + 40).call(host(HostFunction::kValue)).memory(op::kI64Store);
    code.i32(kRoom + 48).i32(kRoom + 20).call(host(HostFunction::kBalance)).memory(op::kI64Store);
    code.i32(kRoom + 56).call(host(HostFunction::kHeight)).memory(op::kI64Store);
    code.i32(kRoom + 64).call(host(HostFunction::kTime)).memory(op::kI64Store);
    code.i32(kRoom + 72).call(host(HostFunction::kBeacon));
    code.i32(kRoom).i32(104).call(host(HostFunction::kReturn));
    go_on_by(code, 1).end();
}

void ending_steps(Code& code) {
    begin_step(code, kRevert);
    at(code, 2);
    byte_at(code, 1).call(host(HostFunction::kRevert)).op(op::kUnreachable).end();
    begin_step(code, kTrap).op(op::kUnreachable).end();
    begin_step(code, kBurn);
    code.get(kAt).memory(op::kI32Load, 1);
    code.set(kCount).block().loop().get(kCount).op(op::kI32Eqz).br_if(1);
    code.get(kCount).i32(1).op(op::kI32Sub).set(kCount).br(0).end().end();
    go_on_by(code, 5).end();
    begin_step(code, kGiveBack);
    at(code, 2);
    byte_at(code, 1).call(host(HostFunction::kReturn));
    go_on(byte_at(code, 1), 2).end();
}

Code run_code() {
    Code code;
    code.i32(kInput).i32(kInputMax).call(host(HostFunction::kInput));
    code.i32(kInput).op(op::kI32Add).set(kEnd).i32(kInput).set(kAt);
    code.loop().get(kAt).get(kEnd).op(kI32GeU).if_().op(op::kReturn).end();
    code.get(kAt).memory(op::kI32Load8U).set(kOp);
    storage_steps(code);
    money_steps(code);
    world_step(code);
    ending_steps(code);
    code.op(op::kUnreachable).end();
    return code;
}

Bytes build(std::uint8_t variant) {
    ModuleBuilder module;
    for (const vm::HostSignature& signature : vm::host_functions()) {
        const auto type = module.type(signature.type.params, signature.type.result);
        module.import_function(vm::kHostModule, signature.name, type);
    }
    const auto nothing = module.type({});
    const auto one = module.type({ValueType::kI32});
    const auto run = module.function(nothing, run_code(), {{.count = 5, .type = ValueType::kI32}});
    const auto taker = module.function(one, Code{});
    module.memory({.min = 1, .max = 1});
    module.export_as("run", run);
    module.export_as("init", run);
    module.export_as("taker", taker);
    module.export_as("memory", vm::ExternKind::kMemory, 0);
    module.data(kMethodName, as_bytes("run"));
    module.custom("variant", Bytes{variant});
    return module.build();
}

}  // namespace

const Bytes& puppet_code() {
    static const Bytes kCode = build(0);
    return kCode;
}

Bytes puppet_code(std::uint8_t variant) { return build(variant); }

Script& Script::set(std::uint8_t key, ByteView value) {
    POLIS_ASSERT(value.size() < 256);
    append(bytes_, Bytes{kSet, key, static_cast<std::uint8_t>(value.size())});
    append(bytes_, value);
    return *this;
}

Script& Script::remove(std::uint8_t key) {
    append(bytes_, Bytes{kRemove, key});
    return *this;
}

Script& Script::emit(ByteView data) {
    POLIS_ASSERT(data.size() < 256);
    append(bytes_, Bytes{kEmit, static_cast<std::uint8_t>(data.size())});
    append(bytes_, data);
    return *this;
}

Script& Script::transfer(const Address& to, std::uint64_t amount) {
    bytes_.push_back(kTransfer);
    append(bytes_, to.view());
    codec::encode_to(bytes_, amount);
    return *this;
}

Script& Script::call(const CallStep& step) {
    bytes_.push_back(kCall);
    append(bytes_, step.to.view());
    codec::encode_to(bytes_, step.value);
    codec::encode_to(bytes_, step.gas);
    codec::encode_to(bytes_, static_cast<std::uint16_t>(step.input.size()));
    append(bytes_, step.input);
    return *this;
}

Script& Script::revert(std::string_view message) {
    append(bytes_, Bytes{kRevert, static_cast<std::uint8_t>(message.size())});
    append(bytes_, as_bytes(message));
    return *this;
}

Script& Script::trap() {
    bytes_.push_back(kTrap);
    return *this;
}

Script& Script::burn(std::uint32_t rounds) {
    bytes_.push_back(kBurn);
    codec::encode_to(bytes_, rounds);
    return *this;
}

Script& Script::give_back(ByteView output) {
    append(bytes_, Bytes{kGiveBack, static_cast<std::uint8_t>(output.size())});
    append(bytes_, output);
    return *this;
}

Script& Script::give_back_stored(std::uint8_t key) {
    append(bytes_, Bytes{kGiveBackStored, key});
    return *this;
}

Script& Script::bad_pointer() {
    bytes_.push_back(kBadPointer);
    return *this;
}

Script& Script::expect_call(std::uint8_t end) {
    append(bytes_, Bytes{kExpectCall, end});
    return *this;
}

Script& Script::give_back_returned() {
    bytes_.push_back(kGiveBackReturned);
    return *this;
}

Script& Script::give_back_world() {
    bytes_.push_back(kGiveBackWorld);
    return *this;
}

}  // namespace polis::ledger::testing
