#include <vm/sdk/native/host.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include <vm/sdk/host.hpp>

namespace polis::sdk::native {

namespace {

/// Ends a call from within: a contract does not return from revert.
struct Reverted {
    std::string message;
};

/// What one call uses.
struct Frame {
    Host& host;
    std::vector<std::unique_ptr<std::max_align_t[]>> memory;
};

Frame* current = nullptr;

std::vector<Contract>& registered() {
    static std::vector<Contract> list;
    return list;
}

ByteSpan bytes(const void* data, std::size_t size) {
    return {static_cast<const std::uint8_t*>(data), size};
}

std::string_view text(const void* data, std::size_t size) {
    return {static_cast<const char*>(data), size};
}

void put(const ByteVector& value, void* out) {
    if (!value.empty()) {
        std::memcpy(out, value.data(), value.size());
    }
}

/// The convention of every function that takes room.
std::int32_t put_if_fits(const ByteVector& value, void* out, std::size_t room) {
    if (value.size() <= room) {
        put(value, out);
    }
    return static_cast<std::int32_t>(value.size());
}

constexpr std::size_t kAddressBytes = 20;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kWideBytes = 16;

}  // namespace

Registration::Registration(const char* abi, std::size_t abi_size, const Method* methods) {
    Contract contract;
    contract.abi.assign(abi, abi_size);
    constexpr std::string_view kBegin = "{\"name\":\"";
    contract.name =
        contract.abi.substr(kBegin.size(), contract.abi.find('"', kBegin.size()) - kBegin.size());
    for (; methods->name != nullptr; ++methods) {
        contract.methods.push_back(*methods);
    }
    registered().push_back(std::move(contract));
}

const Method* Contract::find(std::string_view method) const {
    const auto found =
        std::ranges::find_if(methods, [&](const Method& one) { return one.name == method; });
    return found == methods.end() ? nullptr : &*found;
}

const std::vector<Contract>& contracts() { return registered(); }

std::optional<std::string> run(const Method& method, Host& host) {
    Frame frame{host, {}};
    Frame* const outer = std::exchange(current, &frame);
    std::optional<std::string> message;
    try {
        method.run();
    } catch (const Reverted& reverted) {
        message = reverted.message;
    }
    current = outer;
    return message;
}

}  // namespace polis::sdk::native

using polis::sdk::native::bytes;
using polis::sdk::native::current;
using polis::sdk::native::put;
using polis::sdk::native::put_if_fits;
using polis::sdk::native::text;

extern "C" {

void* polis_native_allocate(size_t size) {
    const std::size_t units = size / sizeof(std::max_align_t) + 1;
    current->memory.push_back(std::make_unique<std::max_align_t[]>(units));
    return current->memory.back().get();
}

int32_t polis_host_input(void* out, size_t room) {
    return put_if_fits(current->host.input(), out, room);
}

void polis_host_return(const void* data, size_t size) {
    current->host.set_output(bytes(data, size));
}

void polis_host_revert(const void* message, size_t size) {
    throw polis::sdk::native::Reverted{std::string(text(message, size))};
}

int32_t polis_host_storage_get(const void* key, size_t key_size, void* out, size_t room) {
    const auto value = current->host.storage_get(bytes(key, key_size));
    return value ? put_if_fits(*value, out, room) : -1;
}

void polis_host_storage_set(
    const void* key, size_t key_size, const void* value, size_t value_size) {
    current->host.storage_set(bytes(key, key_size), bytes(value, value_size));
}

void polis_host_storage_remove(const void* key, size_t key_size) {
    current->host.storage_remove(bytes(key, key_size));
}

void polis_host_sha3_256(const void* data, size_t size, void* out) {
    put(current->host.sha3_256(bytes(data, size)), out);
}

void polis_host_blake2b_256(const void* data, size_t size, void* out) {
    put(current->host.blake2b_256(bytes(data, size)), out);
}

int32_t polis_host_ed25519_verify(
    const void* key, const void* signature, const void* message, size_t size) {
    using namespace polis::sdk::native;
    const bool verifies = current->host.ed25519_verify(
        bytes(key, kKeyBytes), bytes(signature, kSignatureBytes), bytes(message, size));
    return verifies ? 1 : 0;
}

void polis_host_caller(void* out) { put(current->host.caller(), out); }

void polis_host_self(void* out) { put(current->host.self(), out); }

int64_t polis_host_value() { return static_cast<int64_t>(current->host.value()); }

int64_t polis_host_balance(const void* address) {
    const auto of = bytes(address, polis::sdk::native::kAddressBytes);
    return static_cast<int64_t>(current->host.balance(of));
}

int32_t polis_host_transfer(const void* to, int64_t amount) {
    const auto whom = bytes(to, polis::sdk::native::kAddressBytes);
    return current->host.transfer(whom, static_cast<std::uint64_t>(amount)) ? 1 : 0;
}

int64_t polis_host_height() { return static_cast<int64_t>(current->host.height()); }

int64_t polis_host_time() { return static_cast<int64_t>(current->host.time()); }

void polis_host_beacon(void* out) { put(current->host.beacon(), out); }

void polis_host_emit(const void* name, size_t name_size, const void* data, size_t data_size) {
    current->host.emit(text(name, name_size), bytes(data, data_size));
}

int32_t polis_host_call(const polis_native_call& call) {
    using polis::sdk::native::kAddressBytes;
    return current->host.call(
        {.to = bytes(call.to, kAddressBytes),
         .method = text(call.method, call.method_size),
         .input = bytes(call.input, call.input_size),
         .value = call.value,
         .gas = call.gas});
}

int32_t polis_host_returned(void* out, size_t room) {
    return put_if_fits(current->host.returned(), out, room);
}

int32_t polis_host_mul_div_128(const void* a, const void* b, const void* c, void* out) {
    using namespace polis::sdk::native;
    const auto quotient =
        current->host.mul_div(bytes(a, kWideBytes), bytes(b, kWideBytes), bytes(c, kWideBytes));
    if (!quotient) {
        return 0;
    }
    put(*quotient, out);
    return 1;
}

void polis_host_request_evaluation(
    const void* job, size_t size, const void* method, size_t method_size, int64_t gas, void* out) {
    put(current->host.request_evaluation(
            bytes(job, size), text(method, method_size), static_cast<std::uint64_t>(gas)),
        out);
}
}
