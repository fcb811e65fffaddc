#pragma once

#include <vm/sdk/codec.hpp>

/// The chain as a contract sees it.
namespace polis::sdk {

/// Reverts with the message unless it holds.
inline void require(bool holds, String message) {
    if (!holds) [[unlikely]] {
        polis_host_revert(message.data(), message.size());
    }
}

namespace detail {

template <class T>
[[nodiscard]] T fixed_from(void (*read)(void*)) {
    T out;
    read(out.data);
    return out;
}

}  // namespace detail

/// The account or contract that called.
[[nodiscard]] inline Address caller() { return detail::fixed_from<Address>(polis_host_caller); }

/// This contract.
[[nodiscard]] inline Address self() { return detail::fixed_from<Address>(polis_host_self); }

/// Coins that came with the call; they belong to the contract already.
[[nodiscard]] inline Amount value() { return static_cast<u64>(polis_host_value()); }

[[nodiscard]] inline Amount balance(const Address& address) {
    return static_cast<u64>(polis_host_balance(address.data));
}

/// Of this block.
[[nodiscard]] inline u64 height() { return static_cast<u64>(polis_host_height()); }

/// Of this block, in milliseconds since 1970.
[[nodiscard]] inline u64 time_ms() { return static_cast<u64>(polis_host_time()); }

/// 32 bytes that nobody knew before this block's parent. Who proposes blocks knows them a block
/// ahead: draw from them only for what was fixed before that.
[[nodiscard]] inline Hash beacon() { return detail::fixed_from<Hash>(polis_host_beacon); }

/// Sends coins of this contract. Reverts if it has not so many.
inline void send(const Address& to, Amount amount) {
    const bool sent = polis_host_transfer(to.data, static_cast<i64>(amount.value)) == 1;
    require(sent, "the contract has not so many coins");
}

[[nodiscard]] inline Hash sha3_256(Bytes bytes) {
    Hash out;
    polis_host_sha3_256(bytes.data(), bytes.size(), out.data);
    return out;
}

[[nodiscard]] inline Hash blake2b_256(Bytes bytes) {
    Hash out;
    polis_host_blake2b_256(bytes.data(), bytes.size(), out.data);
    return out;
}

/// Whether the 64 bytes are the key's signature of the message.
[[nodiscard]] inline bool ed25519_verify(const Hash& key, Bytes signature, Bytes message) {
    constexpr size_t kSignatureBytes = 64;
    return signature.size() == kSignatureBytes &&
           polis_host_ed25519_verify(key.data, signature.data(), message.data(), message.size()) ==
               1;
}

/// Writes an event to the receipt. Name it in POLIS_CONTRACT too, so that tools can read it.
template <Struct Event>
void emit(const Event& event) {
    const String name = Event::kStructName;
    const Bytes data = encode(event);
    polis_host_emit(name.data(), name.size(), data.data(), data.size());
}

/// How the call of another contract ended.
enum class CallEnd : u8 {
    kDone = 0,
    kReverted = 1,  ///< the other undid all that it did
    kTrapped = 2,   ///< likewise, by a trap or for lack of gas
    kRefused = 3,   ///< no such contract or method, no such coins, or too deep
};

/// What another contract answered.
template <class Result>
struct Answer {
    CallEnd end = CallEnd::kRefused;
    Result result{};  ///< if it is done
    String message;   ///< if it reverted

    [[nodiscard]] bool is_done() const { return end == CallEnd::kDone; }
};

template <>
struct Answer<void> {
    CallEnd end = CallEnd::kRefused;
    String message;

    [[nodiscard]] bool is_done() const { return end == CallEnd::kDone; }
};

/// Another contract.
///
///     const u128 held = Contract(token).call<u128>("balance_of", self());
///
/// It may call back before it answers: write what must hold before the call, not after it.
class Contract {
  public:
    static constexpr u64 kAllGas = 0x7fff'ffff'ffff'ffff;

    explicit Contract(const Address& address) : address_(address) {}

    /// Coins that go with each call.
    [[nodiscard]] Contract with_value(Amount amount) const {
        Contract out = *this;
        out.value_ = amount;
        return out;
    }

    /// At most so much gas; otherwise all that is left.
    [[nodiscard]] Contract with_gas(u64 gas) const {
        Contract out = *this;
        out.gas_ = gas;
        return out;
    }

    /// Reverts if it does not end well, with the other's message if there is one.
    template <class Result = void, class... Args>
    Result call(String method, const Args&... args) const {
        const CallEnd end = start(method, encode(args...));
        if (end == CallEnd::kReverted) {
            const Bytes message = returned();
            polis_host_revert(message.data(), message.size());
        }
        require(end == CallEnd::kDone, "the called contract trapped or refused");
        if constexpr (!kIsSame<Result, void>) {
            return decode<Result>(returned(), "the called contract's answer");
        }
    }

    /// Tells how it ended.
    template <class Result = void, class... Args>
    Answer<Result> try_call(String method, const Args&... args) const {
        Answer<Result> out;
        out.end = start(method, encode(args...));
        if (out.end == CallEnd::kReverted) {
            const Bytes message = returned();
            out.message = String(reinterpret_cast<const char*>(message.data()), message.size());
        }
        if constexpr (!kIsSame<Result, void>) {
            if (out.is_done()) {
                out.result = decode<Result>(returned(), "the called contract's answer");
            }
        }
        return out;
    }

  private:
    [[nodiscard]] CallEnd start(String method, Bytes input) const {
#if defined(__wasm__)
        return static_cast<CallEnd>(polis_host_call(
            address_.data,
            method.data(),
            method.size(),
            input.data(),
            input.size(),
            static_cast<i64>(value_.value),
            static_cast<i64>(gas_)));
#else
        return static_cast<CallEnd>(polis_host_call(
            {.to = address_.data,
             .method = method.data(),
             .method_size = method.size(),
             .input = input.data(),
             .input_size = input.size(),
             .value = value_.value,
             .gas = gas_}));
#endif
    }

    [[nodiscard]] static Bytes returned() {
        const auto size = static_cast<size_t>(polis_host_returned(nullptr, 0));
        void* out = allocate(size);
        polis_host_returned(out, size);
        return {static_cast<const u8*>(out), size};
    }

    Address address_;
    Amount value_;
    u64 gas_ = kAllGas;
};

/// Asks the validators to evaluate a job; its answer comes as a call of `method` in a later block.
/// @return the job's id
inline Hash request_evaluation(Bytes job, String method, u64 gas) {
    Hash id;
    polis_host_request_evaluation(
        job.data(), job.size(), method.data(), method.size(), static_cast<i64>(gas), id.data);
    return id;
}

}  // namespace polis::sdk
