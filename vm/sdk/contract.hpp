#pragma once

#include <vm/sdk/abi.hpp>
#include <vm/sdk/chain.hpp>
#include <vm/sdk/codec.hpp>
#include <vm/sdk/storage.hpp>
#if !defined(__wasm__)
#include <vm/sdk/native/registry.hpp>
#endif

/// All that a contract includes, and what makes a class a contract:
///
///     class Counter {
///       public:
///         void init(u64 start) { count_ = start; }
///         u64 increase(u64 by) { return count_ = add(count_.get(), by); }
///         u64 count() const { return count_; }
///       private:
///         Value<u64> count_{"count"};
///     };
///
///     POLIS_CONTRACT(Counter,
///         POLIS_INIT(start), POLIS_METHOD(increase, by), POLIS_METHOD(count))
///
/// A method that is const only reads. Only a POLIS_PAYABLE method and a POLIS_PAYABLE_INIT take
/// coins. Every call makes a fresh object; what is to stay is in Value, Map and List.
namespace polis::sdk {

namespace detail {

/// The bytes of this call's arguments.
POLIS_OUTLINE inline Bytes read_input() {
    constexpr size_t kFirstRoom = 256;
    void* out = allocate(kFirstRoom);
    const auto size = static_cast<size_t>(polis_host_input(out, kFirstRoom));
    if (size > kFirstRoom) {
        out = allocate(size);
        polis_host_input(out, size);
    }
    return {static_cast<const u8*>(out), size};
}

/// The first of "to, amount"; `names` moves behind it.
POLIS_OUTLINE inline String next_name(const char*& names) {
    while (*names == ' ' || *names == ',') {
        ++names;
    }
    const char* begin = names;
    while (*names != '\0' && *names != ',') {
        ++names;
    }
    return {begin, static_cast<size_t>(names - begin)};
}

template <auto Method, class Contract, class... Read>
void invoke(Contract& contract, Decoder& in, const char*, Types<> /*left*/, const Read&... read) {
    in.expect("arguments");
    in.finish();
    using Result = typename abi::Signature<decltype(Method)>::Result;
    if constexpr (kIsSame<Result, void>) {
        (contract.*Method)(read...);
    } else {
        const Bytes result = encode<PlainOf<Result>>((contract.*Method)(read...));
        polis_host_return(result.data(), result.size());
    }
}

template <auto Method, class Contract, class Next, class... Left, class... Read>
void invoke(
    Contract& contract,
    Decoder& in,
    const char* names,
    Types<Next, Left...> /*left*/,
    const Read&... read) {
    in.expect(next_name(names));
    const Next next = Codec<Next>::decode(in);
    invoke<Method>(contract, in, names, Types<Left...>{}, read..., next);
}

}  // namespace detail

/// What an exported function does: decodes the arguments, calls, encodes the result.
template <class Class, auto Method>
void run_method(const char* names, bool payable) {
    require(payable || polis_host_value() == 0, "this method takes no coins");
    Decoder in(detail::read_input(), "arguments");
    Class contract;
    using Arguments = typename abi::Signature<decltype(Method)>::Arguments;
    detail::invoke<Method>(contract, in, names, Arguments{});
}

}  // namespace polis::sdk

#define POLIS_INIT(...) (INIT, init, #__VA_ARGS__)
#define POLIS_PAYABLE_INIT(...) (PAYABLE_INIT, init, #__VA_ARGS__)
#define POLIS_METHOD(name, ...) (METHOD, name, #__VA_ARGS__)
#define POLIS_PAYABLE(name, ...) (PAYABLE, name, #__VA_ARGS__)
#define POLIS_EVENT(name) (EVENT, name, "")

// Applies a macro to every item. The rescans suffice for 80, and a module has at most 64 exports.
#define POLIS_PARENTHESES ()
#define POLIS_RESCAN(...) \
    POLIS_RESCAN_3(POLIS_RESCAN_3(POLIS_RESCAN_3(POLIS_RESCAN_3(__VA_ARGS__))))
#define POLIS_RESCAN_3(...) \
    POLIS_RESCAN_2(POLIS_RESCAN_2(POLIS_RESCAN_2(POLIS_RESCAN_2(__VA_ARGS__))))
#define POLIS_RESCAN_2(...) \
    POLIS_RESCAN_1(POLIS_RESCAN_1(POLIS_RESCAN_1(POLIS_RESCAN_1(__VA_ARGS__))))
#define POLIS_RESCAN_1(...) __VA_ARGS__
#define POLIS_EACH(macro, contract, ...) \
    __VA_OPT__(POLIS_RESCAN(POLIS_EACH_STEP(macro, contract, __VA_ARGS__)))
#define POLIS_EACH_STEP(macro, contract, item, ...)      \
    POLIS_EACH_APPLY(macro, contract, POLIS_UNWRAP item) \
    __VA_OPT__(POLIS_EACH_AGAIN POLIS_PARENTHESES(macro, contract, __VA_ARGS__))
#define POLIS_EACH_AGAIN() POLIS_EACH_STEP
#define POLIS_EACH_APPLY(macro, contract, ...) macro(contract, __VA_ARGS__)
#define POLIS_UNWRAP(...) __VA_ARGS__

#define POLIS_ITEM(prefix, contract, kind, name, params) prefix##kind(contract, name, params)

#define POLIS_ABI_STRUCTS_INIT(contract, name, params) \
    ::polis::sdk::abi::put_structs<decltype(&contract::name)>(out);
#define POLIS_ABI_STRUCTS_PAYABLE_INIT POLIS_ABI_STRUCTS_INIT
#define POLIS_ABI_STRUCTS_METHOD POLIS_ABI_STRUCTS_INIT
#define POLIS_ABI_STRUCTS_PAYABLE POLIS_ABI_STRUCTS_INIT
#define POLIS_ABI_STRUCTS_EVENT(contract, name, params) \
    ::polis::sdk::abi::Structs<::polis::sdk::FieldTypes<name>>::put(out);

#define POLIS_ABI_INIT_INIT(contract, name, params) \
    ::polis::sdk::abi::put_constructor<decltype(&contract::name)>(out, params, false);
#define POLIS_ABI_INIT_PAYABLE_INIT(contract, name, params) \
    ::polis::sdk::abi::put_constructor<decltype(&contract::name)>(out, params, true);
#define POLIS_ABI_INIT_METHOD(contract, name, params)
#define POLIS_ABI_INIT_PAYABLE(contract, name, params)
#define POLIS_ABI_INIT_EVENT(contract, name, params)

#define POLIS_ABI_METHOD_METHOD(contract, name, params) \
    ::polis::sdk::abi::put_method<decltype(&contract::name)>(out, #name, params, false);
#define POLIS_ABI_METHOD_PAYABLE(contract, name, params) \
    ::polis::sdk::abi::put_method<decltype(&contract::name)>(out, #name, params, true);
#define POLIS_ABI_METHOD_INIT(contract, name, params)
#define POLIS_ABI_METHOD_PAYABLE_INIT(contract, name, params)
#define POLIS_ABI_METHOD_EVENT(contract, name, params)

#define POLIS_ABI_EVENT_EVENT(contract, name, params) ::polis::sdk::abi::put_event<name>(out);
#define POLIS_ABI_EVENT_INIT(contract, name, params)
#define POLIS_ABI_EVENT_PAYABLE_INIT(contract, name, params)
#define POLIS_ABI_EVENT_METHOD(contract, name, params)
#define POLIS_ABI_EVENT_PAYABLE(contract, name, params)

#define POLIS_ABI_STRUCTS(...) POLIS_ITEM(POLIS_ABI_STRUCTS_, __VA_ARGS__)
#define POLIS_ABI_INIT(...) POLIS_ITEM(POLIS_ABI_INIT_, __VA_ARGS__)
#define POLIS_ABI_METHOD(...) POLIS_ITEM(POLIS_ABI_METHOD_, __VA_ARGS__)
#define POLIS_ABI_EVENT(...) POLIS_ITEM(POLIS_ABI_EVENT_, __VA_ARGS__)

/// The contract's interface as JSON, in a constant.
#define POLIS_MAKE_ABI(contract, ...)                                              \
    namespace polis_abi_##contract {                                               \
        constexpr ::polis::sdk::abi::Text make_text() {                            \
            ::polis::sdk::abi::Text out;                                           \
            out.put("{\"name\":\"");                                               \
            ::polis::sdk::abi::put_contract_name(out, #contract);                  \
            out.put("\",\"version\":1,\"types\":{");                               \
            POLIS_EACH(POLIS_ABI_STRUCTS, contract, __VA_ARGS__)                   \
            out.put("},\"constructor\":");                                         \
            const size_t before = out.size;                                        \
            POLIS_EACH(POLIS_ABI_INIT, contract, __VA_ARGS__)                      \
            out.put(out.size == before ? "null,\"methods\":[" : ",\"methods\":["); \
            POLIS_EACH(POLIS_ABI_METHOD, contract, __VA_ARGS__)                    \
            out.put("],\"events\":[");                                             \
            POLIS_EACH(POLIS_ABI_EVENT, contract, __VA_ARGS__)                     \
            out.put("]}");                                                         \
            return out;                                                            \
        }                                                                          \
        constexpr ::polis::sdk::abi::Text kText = make_text();                     \
    }

#if defined(POLIS_ABI)
/// The object file has the interface and nothing else that matters.
#define POLIS_CONTRACT(contract, ...)                                                            \
    POLIS_MAKE_ABI(contract, __VA_ARGS__)                                                        \
    __attribute__((used)) constexpr ::polis::sdk::abi::Section<polis_abi_##contract::kText.size> \
        kPolisAbiSection{polis_abi_##contract::kText};
#elif defined(__wasm__)
#define POLIS_EXPORT(contract, name, params, payable)                           \
    extern "C" __attribute__((export_name(#name))) void polis_method_##name() { \
        ::polis::sdk::run_method<contract, &contract::name>(params, payable);   \
    }
#define POLIS_EXPORT_INIT(contract, name, params) POLIS_EXPORT(contract, name, params, false)
#define POLIS_EXPORT_PAYABLE_INIT(contract, name, params) POLIS_EXPORT(contract, name, params, true)
#define POLIS_EXPORT_METHOD(contract, name, params) POLIS_EXPORT(contract, name, params, false)
#define POLIS_EXPORT_PAYABLE(contract, name, params) POLIS_EXPORT(contract, name, params, true)
#define POLIS_EXPORT_EVENT(contract, name, params)
#define POLIS_EXPORTS(...) POLIS_ITEM(POLIS_EXPORT_, __VA_ARGS__)
/// Each method is an export of the module.
#define POLIS_CONTRACT(contract, ...) POLIS_EACH(POLIS_EXPORTS, contract, __VA_ARGS__)
#else
#define POLIS_ROW(contract, name, params, payable) \
    {#name, [] { ::polis::sdk::run_method<contract, &contract::name>(params, payable); }},
#define POLIS_ROW_INIT(contract, name, params) POLIS_ROW(contract, name, params, false)
#define POLIS_ROW_PAYABLE_INIT(contract, name, params) POLIS_ROW(contract, name, params, true)
#define POLIS_ROW_METHOD(contract, name, params) POLIS_ROW(contract, name, params, false)
#define POLIS_ROW_PAYABLE(contract, name, params) POLIS_ROW(contract, name, params, true)
#define POLIS_ROW_EVENT(contract, name, params)
#define POLIS_ROWS(...) POLIS_ITEM(POLIS_ROW_, __VA_ARGS__)
/// A native program finds the contract by its name: vm/sdk/native/registry.hpp.
#define POLIS_CONTRACT(contract, ...)                                                             \
    POLIS_MAKE_ABI(contract, __VA_ARGS__)                                                         \
    namespace polis_abi_##contract {                                                              \
        constexpr ::polis::sdk::native::Method kMethods[] = {                                     \
            POLIS_EACH(POLIS_ROWS, contract, __VA_ARGS__){nullptr, nullptr}};                     \
        const ::polis::sdk::native::Registration kRegistration(kText.data, kText.size, kMethods); \
    }
#endif
