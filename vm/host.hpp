#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <core/bytes.hpp>
#include <vm/gas_schedule.hpp>
#include <vm/memory.hpp>
#include <vm/trap.hpp>
#include <vm/types.hpp>

/// How a contract reaches the world: flat functions over pointers and lengths. The host never calls
/// back into the contract, and gives nothing that the contract did not make room for.
namespace polis::vm {

/// The module name of every host function.
inline constexpr std::string_view kHostModule = "polis";

/// The functions that a contract may import; append only. Signatures: host_functions().
///
/// Pointers (p) and lengths (n) are i32. A function that writes bytes of the host's choosing takes
/// room (p, n), writes them only if they fit and returns how many there are. Addresses are 20
/// bytes, hashes 32, all numbers in memory little-endian.
enum class HostFunction : std::uint8_t {
    kInput,          ///< (out p, n) -> i32: the arguments of this call
    kReturn,         ///< (p, n): sets what the caller gets; the last one counts
    kRevert,         ///< (p, n): ends the run with a message, undoing all that it did
    kStorageGet,     ///< (key p, n, out p, n) -> i32: length of the value, or -1 if there is none
    kStorageSet,     ///< (key p, n, value p, n)
    kStorageRemove,  ///< (key p, n)
    kSha3,           ///< (p, n, out p): SHA3-256
    kBlake2b,        ///< (p, n, out p): BLAKE2b-256
    kEd25519Verify,  ///< (key p, signature p, message p, n) -> i32: 1 if it verifies
    kCaller,         ///< (out p): address of the account or contract that called
    kSelf,           ///< (out p): this contract's address
    kValue,          ///< () -> i64: coins that came with the call
    kBalance,        ///< (address p) -> i64
    kTransfer,       ///< (to p, amount i64) -> i32: 1 if this contract had that many coins
    kHeight,         ///< () -> i64
    kTime,           ///< () -> i64: of the block, in milliseconds since 1970
    kBeacon,         ///< (out p): 32 bytes that nobody knew before this block's parent
    kEmit,           ///< (name p, n, data p, n): an event of the receipt
    kCall,           ///< (to p, method p, n, input p, n, value i64, gas i64) -> i32: CallEnd
    kReturned,       ///< (out p, n) -> i32: what the last kCall returned or its message
    kMulDiv,  ///< (a p, b p, c p, out p) -> i32: u128 each; out = a * b / c, rounded down, and
              ///< 1; or 0 and nothing if c is 0 or the quotient exceeds 128 bits
    kRequestEvaluation,  ///< (job p, n, method p, n, gas i64, out p): a job for the validators,
                         ///< whose answer comes as a call of `method` in a later block; writes its
                         ///< id
};

/// What kCall answers.
enum class CallEnd : std::uint8_t {
    kDone = 0,
    kReverted = 1,  ///< the callee undid all that it did; kReturned has its message
    kTrapped = 2,   ///< likewise, by a trap or for lack of gas
    kRefused = 3,   ///< no such contract or method, no such coins, or kContractDepthMax
};

struct HostSignature {
    HostFunction function;
    std::string_view name;
    FuncType type;
};

/// All of them, in the order of the enum.
[[nodiscard]] std::span<const HostSignature> host_functions();

/// @return nothing if there is no such function
[[nodiscard]] const HostSignature* find_host_function(std::string_view name);

/// One call of a host function.
struct HostCall {
    std::span<const std::uint64_t> args;  ///< i32 in the low half, the high half zero
    Memory* memory = nullptr;             ///< of the caller; nothing if it has none
    std::uint64_t gas_left = 0;           ///< to be lowered by what the call costs
    std::uint64_t result = 0;             ///< to be set if the function has one

    /// Takes gas. @return kOutOfGas if there is not so much; then there is none left
    [[nodiscard]] std::optional<Trap> charge(std::uint64_t gas);

    /// A part of the memory. @return nothing if it does not lie within
    [[nodiscard]] std::optional<std::span<std::uint8_t>> bytes(
        std::uint64_t pointer, std::uint64_t size) const;
};

/// Who answers imported functions.
class Host {
  public:
    virtual ~Host() = default;

    /// @param function for contracts and kernels a HostFunction; else whatever the binding says
    /// @return a trap to end the run with
    [[nodiscard]] virtual std::optional<Trap> call(std::uint32_t function, HostCall& call) = 0;
};

}  // namespace polis::vm
