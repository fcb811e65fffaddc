#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <vm/sdk/native/registry.hpp>

/// Runs contracts that are compiled natively, so that a debugger and a sanitizer see them.
namespace polis::sdk::native {

using ByteSpan = std::span<const std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

/// What a contract asks for, in the order of vm/sdk/host.hpp.
class Host {
  public:
    virtual ~Host() = default;

    virtual ByteVector input() = 0;
    virtual void set_output(ByteSpan data) = 0;
    virtual std::optional<ByteVector> storage_get(ByteSpan key) = 0;
    virtual void storage_set(ByteSpan key, ByteSpan value) = 0;
    virtual void storage_remove(ByteSpan key) = 0;
    virtual ByteVector sha3_256(ByteSpan data) = 0;
    virtual ByteVector blake2b_256(ByteSpan data) = 0;
    virtual bool ed25519_verify(ByteSpan key, ByteSpan signature, ByteSpan message) = 0;
    virtual ByteVector caller() = 0;
    virtual ByteVector self() = 0;
    virtual std::uint64_t value() = 0;
    virtual std::uint64_t balance(ByteSpan address) = 0;
    virtual bool transfer(ByteSpan to, std::uint64_t amount) = 0;
    virtual std::uint64_t height() = 0;
    virtual std::uint64_t time() = 0;
    virtual ByteVector beacon() = 0;
    virtual void emit(std::string_view name, ByteSpan data) = 0;

    struct Call {
        ByteSpan to;
        std::string_view method;
        ByteSpan input;
        std::uint64_t value = 0;
        std::uint64_t gas = 0;
    };

    /// @return 0 done, 1 reverted, 2 trapped, 3 refused
    virtual int call(const Call& call) = 0;
    virtual ByteVector returned() = 0;

    /// a * b / c of 16 bytes each. @return nothing if it does not fit or c is zero
    virtual std::optional<ByteVector> mul_div(ByteSpan a, ByteSpan b, ByteSpan c) = 0;
    virtual ByteVector request_evaluation(
        ByteSpan job, std::string_view method, std::uint64_t gas) = 0;
};

struct Contract {
    std::string name;  ///< of the ABI
    std::string abi;
    std::vector<Method> methods;

    [[nodiscard]] const Method* find(std::string_view method) const;
};

/// Those that this program was linked with.
[[nodiscard]] const std::vector<Contract>& contracts();

/// Runs a method with `host` for the world; calls may nest. One thread.
/// @return the message if it reverted
[[nodiscard]] std::optional<std::string> run(const Method& method, Host& host);

}  // namespace polis::sdk::native
