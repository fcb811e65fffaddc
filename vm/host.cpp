#include <vm/host.hpp>

#include <array>
#include <cstddef>
#include <string_view>

#include <core/check.hpp>

namespace polis::vm {

namespace {

using enum HostFunction;

constexpr std::size_t kHostFunctions = 22;

/// A row of the interface: one letter a parameter, `p` for an i32 and `l` for an i64; the same for
/// the result.
struct Row {
    HostFunction function;
    std::string_view name;
    std::string_view params;
    std::string_view result;
};

constexpr std::array<Row, kHostFunctions> kNames{{
    {kInput, "input", "pp", "p"},
    {kReturn, "return", "pp", ""},
    {kRevert, "revert", "pp", ""},
    {kStorageGet, "storage_get", "pppp", "p"},
    {kStorageSet, "storage_set", "pppp", ""},
    {kStorageRemove, "storage_remove", "pp", ""},
    {kSha3, "sha3_256", "ppp", ""},
    {kBlake2b, "blake2b_256", "ppp", ""},
    {kEd25519Verify, "ed25519_verify", "pppp", "p"},
    {kCaller, "caller", "p", ""},
    {kSelf, "self", "p", ""},
    {kValue, "value", "", "l"},
    {kBalance, "balance", "p", "l"},
    {kTransfer, "transfer", "pl", "p"},
    {kHeight, "height", "", "l"},
    {kTime, "time", "", "l"},
    {kBeacon, "beacon", "p", ""},
    {kEmit, "emit", "pppp", ""},
    {kCall, "call", "pppppll", "p"},
    {kReturned, "returned", "pp", "p"},
    {kMulDiv, "mul_div_128", "pppp", "p"},
    {kRequestEvaluation, "request_evaluation", "pppplp", ""},
}};

ValueType type_of(char letter) { return letter == 'l' ? ValueType::kI64 : ValueType::kI32; }

std::array<HostSignature, kHostFunctions> make_signatures() {
    std::array<HostSignature, kHostFunctions> out;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        const Row& row = kNames[i];
        POLIS_ASSERT_OP(static_cast<std::size_t>(row.function), ==, i);
        out[i].function = row.function;
        out[i].name = row.name;
        for (const char letter : row.params) {
            out[i].type.params.push_back(type_of(letter));
        }
        if (!row.result.empty()) {
            out[i].type.result = type_of(row.result.front());
        }
    }
    return out;
}

}  // namespace

std::span<const HostSignature> host_functions() {
    static const std::array<HostSignature, kHostFunctions> signatures = make_signatures();
    return signatures;
}

const HostSignature* find_host_function(std::string_view name) {
    for (const HostSignature& signature : host_functions()) {
        if (signature.name == name) {
            return &signature;
        }
    }
    return nullptr;
}

std::optional<Trap> HostCall::charge(std::uint64_t gas) {
    if (gas > gas_left) {
        gas_left = 0;
        return Trap::kOutOfGas;
    }
    gas_left -= gas;
    return std::nullopt;
}

std::optional<std::span<std::uint8_t>> HostCall::bytes(
    std::uint64_t pointer, std::uint64_t size) const {
    return memory == nullptr ? std::nullopt : memory->bytes(pointer, size);
}

}  // namespace polis::vm
