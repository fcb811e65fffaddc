#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include <boost/multiprecision/cpp_int.hpp>

#include <core/crypto/ed25519.hpp>
#include <core/crypto/hash.hpp>
#include <tests/support/contract_world.hpp>
#include <vm/limits.hpp>
#include <vm/sdk/native/host.hpp>

/// Contracts that are part of this program, in a world of a few maps.
namespace polis::tests {

namespace {

namespace native = sdk::native;

constexpr int kDone = 0;
constexpr int kReverted = 1;
constexpr int kRefused = 3;

struct Deployed {
    const native::Contract* code = nullptr;
    std::map<Bytes, Bytes> storage;
};

/// All that a failed call has to leave as it was.
struct State {
    std::map<Address, std::uint64_t> balances;
    std::map<Address, Deployed> contracts;
    std::vector<ContractEvent> events;
};

class NativeWorld;

/// One call of one contract.
class Frame final : public native::Host {
  public:
    struct Message {
        Address caller;
        Address self;
        Bytes input;
        std::uint64_t value = 0;
        std::size_t depth = 1;
    };

    Frame(NativeWorld& world, Message message) : world_(world), message_(std::move(message)) {}

    Bytes output;

    Bytes input() override { return message_.input; }

    void set_output(ByteView data) override { output = to_bytes(data); }

    std::optional<Bytes> storage_get(ByteView key) override;
    void storage_set(ByteView key, ByteView value) override;
    void storage_remove(ByteView key) override;

    Bytes sha3_256(ByteView data) override { return to_bytes(crypto::sha3_256(data).view()); }

    Bytes blake2b_256(ByteView data) override { return to_bytes(crypto::blake2b_256(data).view()); }

    bool ed25519_verify(ByteView key, ByteView signature, ByteView message) override {
        return crypto::verify(PublicKey::from_view(key), message, Signature::from_view(signature));
    }

    Bytes caller() override { return to_bytes(message_.caller.view()); }

    Bytes self() override { return to_bytes(message_.self.view()); }

    std::uint64_t value() override { return message_.value; }

    std::uint64_t balance(ByteView address) override;
    bool transfer(ByteView to, std::uint64_t amount) override;
    std::uint64_t height() override;
    std::uint64_t time() override;
    Bytes beacon() override;
    void emit(std::string_view name, ByteView data) override;
    int call(const Call& call) override;

    Bytes returned() override { return returned_; }

    std::optional<Bytes> mul_div(ByteView a, ByteView b, ByteView c) override;
    Bytes request_evaluation(ByteView job, std::string_view method, std::uint64_t gas) override;

  private:
    NativeWorld& world_;
    const Message message_;
    Bytes returned_;
};

class NativeWorld final : public ContractWorld {
  public:
    State state;

    void fund(const Address& account, Amount amount) override {
        state.balances[account] += amount.value;
    }

    Amount balance(const Address& account) override { return {state.balances[account]}; }

    Ended try_deploy(
        const Address& from,
        std::string_view name,
        const Bytes& input,
        CallOptions options) override;
    Ended try_call(
        const Address& from,
        const Address& contract,
        std::string_view method,
        const Bytes& input,
        CallOptions options) override;

    std::optional<Bytes> storage(const Address& contract, ByteView key) override {
        const auto& entries = state.contracts[contract].storage;
        const auto found = entries.find(to_bytes(key));
        return found == entries.end() ? std::nullopt : std::optional{found->second};
    }

    bool move(const Address& from, const Address& to, std::uint64_t amount) {
        if (state.balances[from] < amount) {
            return false;
        }
        state.balances[from] -= amount;
        state.balances[to] += amount;
        return true;
    }

    /// Runs a method; undoes everything unless it is done.
    Ended run(const Frame::Message& message, std::string_view method);

  private:
    std::uint64_t deployed_ = 0;
};

Ended NativeWorld::run(const Frame::Message& message, std::string_view method) {
    State before = state;
    const auto undo = [&](Ended::How how, std::string why) {
        state = std::move(before);
        return Ended{.how = how, .message = std::move(why), .contract = message.self};
    };
    const auto found = state.contracts.find(message.self);
    if (found == state.contracts.end() || message.depth > vm::kContractDepthMax) {
        return undo(Ended::How::kRefused, "no such contract, or too deep");
    }
    const native::Method* const chosen = found->second.code->find(method);
    if (chosen == nullptr || !move(message.caller, message.self, message.value)) {
        return undo(Ended::How::kRefused, "no such method, or no such coins");
    }
    const std::size_t first_event = state.events.size();
    Frame frame(*this, message);
    if (auto why = native::run(*chosen, frame)) {
        return undo(Ended::How::kReverted, *std::move(why));
    }
    Ended out{.how = Ended::How::kDone, .output = frame.output, .contract = message.self};
    out.events.assign(
        state.events.begin() + static_cast<std::ptrdiff_t>(first_event), state.events.end());
    return out;
}

Ended NativeWorld::try_deploy(
    const Address& from, std::string_view name, const Bytes& input, CallOptions options) {
    const auto code = std::ranges::find_if(
        native::contracts(), [&](const native::Contract& one) { return one.name == name; });
    if (code == native::contracts().end()) {
        return {.message = "this program has no contract " + std::string(name)};
    }
    const Address address = person("contract " + std::to_string(deployed_++));
    state.contracts[address].code = &*code;
    if (code->find("init") == nullptr) {
        return {.how = Ended::How::kDone, .contract = address};
    }
    Ended out = run({from, address, input, options.value.value}, "init");
    if (!out.is_done()) {
        state.contracts.erase(address);
    }
    return out;
}

Ended NativeWorld::try_call(
    const Address& from,
    const Address& contract,
    std::string_view method,
    const Bytes& input,
    CallOptions options) {
    if (method == "init") {
        return {.message = "init runs once, at deployment"};
    }
    return run({from, contract, input, options.value.value}, method);
}

std::optional<Bytes> Frame::storage_get(ByteView key) { return world_.storage(message_.self, key); }

void Frame::storage_set(ByteView key, ByteView value) {
    world_.state.contracts[message_.self].storage[to_bytes(key)] = to_bytes(value);
}

void Frame::storage_remove(ByteView key) {
    world_.state.contracts[message_.self].storage.erase(to_bytes(key));
}

std::uint64_t Frame::balance(ByteView address) {
    return world_.state.balances[Address::from_view(address)];
}

bool Frame::transfer(ByteView to, std::uint64_t amount) {
    return world_.move(message_.self, Address::from_view(to), amount);
}

std::uint64_t Frame::height() { return world_.block.height.value; }

std::uint64_t Frame::time() { return world_.block.time.value; }

Bytes Frame::beacon() { return to_bytes(world_.block.beacon.view()); }

void Frame::emit(std::string_view name, ByteView data) {
    world_.state.events.push_back({message_.self, std::string(name), to_bytes(data)});
}

int Frame::call(const Call& call) {
    const Address to = Address::from_view(call.to);
    returned_.clear();
    if (call.method == "init") {
        return kRefused;
    }
    const Ended ended = world_.run(
        {message_.self, to, to_bytes(call.input), call.value, message_.depth + 1}, call.method);
    switch (ended.how) {
        case Ended::How::kDone:
            returned_ = ended.output;
            return kDone;
        case Ended::How::kReverted:
            returned_ = to_bytes(as_bytes(ended.message));
            return kReverted;
        case Ended::How::kTrapped:
        case Ended::How::kOutOfGas:
        case Ended::How::kRefused:
            break;
    }
    return kRefused;
}

std::optional<Bytes> Frame::mul_div(ByteView a, ByteView b, ByteView c) {
    using boost::multiprecision::cpp_int;
    const auto number = [](ByteView bytes) {
        cpp_int out;
        import_bits(out, bytes.rbegin(), bytes.rend());
        return out;
    };
    if (number(c) == 0) {
        return std::nullopt;
    }
    const cpp_int quotient = number(a) * number(b) / number(c);
    if ((quotient >> 128) != 0) {
        return std::nullopt;
    }
    Bytes out;
    export_bits(quotient, std::back_inserter(out), 8, /*msv_first=*/false);
    out.resize(a.size());
    return out;
}

Bytes Frame::request_evaluation(ByteView job, std::string_view method, std::uint64_t gas) {
    Bytes request = to_bytes(job);
    append(request, as_bytes(method));
    codec::encode_to(request, gas);
    return to_bytes(crypto::blake2b_256(request).view());
}

}  // namespace

std::unique_ptr<ContractWorld> make_native_world() { return std::make_unique<NativeWorld>(); }

}  // namespace polis::tests
