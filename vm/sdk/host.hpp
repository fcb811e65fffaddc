#pragma once

#include <stddef.h>
#include <stdint.h>

/// The functions of the chain, as they are: pointers and lengths. Contracts use the headers above
/// this one. In wasm they are imports; in a native build vm/sdk/native/host.cpp answers them.
///
/// A function that writes bytes of the host's choosing takes room (pointer, length), writes them
/// only if they fit and answers how many there are.
#if defined(__wasm__)
#define POLIS_IMPORT(name) __attribute__((import_module("polis"), import_name(name)))
#else
#define POLIS_IMPORT(name)
#endif

extern "C" {
POLIS_IMPORT("input") int32_t polis_host_input(void* out, size_t room);
POLIS_IMPORT("return") void polis_host_return(const void* data, size_t size);
POLIS_IMPORT("revert")
__attribute__((noreturn)) void polis_host_revert(const void* message, size_t size);
/// -1: there is no value.
POLIS_IMPORT("storage_get")
int32_t polis_host_storage_get(const void* key, size_t key_size, void* out, size_t room);
POLIS_IMPORT("storage_set")
void polis_host_storage_set(const void* key, size_t key_size, const void* value, size_t value_size);
POLIS_IMPORT("storage_remove") void polis_host_storage_remove(const void* key, size_t key_size);
POLIS_IMPORT("sha3_256") void polis_host_sha3_256(const void* data, size_t size, void* out);
POLIS_IMPORT("blake2b_256") void polis_host_blake2b_256(const void* data, size_t size, void* out);
/// 1 if it verifies.
POLIS_IMPORT("ed25519_verify")
int32_t polis_host_ed25519_verify(
    const void* key, const void* signature, const void* message, size_t size);
POLIS_IMPORT("caller") void polis_host_caller(void* out);
POLIS_IMPORT("self") void polis_host_self(void* out);
POLIS_IMPORT("value") int64_t polis_host_value();
POLIS_IMPORT("balance") int64_t polis_host_balance(const void* address);
/// 1 if this contract had that many coins.
POLIS_IMPORT("transfer") int32_t polis_host_transfer(const void* to, int64_t amount);
POLIS_IMPORT("height") int64_t polis_host_height();
POLIS_IMPORT("time") int64_t polis_host_time();
POLIS_IMPORT("beacon") void polis_host_beacon(void* out);
POLIS_IMPORT("emit")
void polis_host_emit(const void* name, size_t name_size, const void* data, size_t data_size);
#if defined(__wasm__)
/// 0 done, 1 reverted, 2 trapped, 3 refused.
POLIS_IMPORT("call")
int32_t polis_host_call(
    const void* to,
    const void* method,
    size_t method_size,
    const void* input,
    size_t input_size,
    int64_t value,
    int64_t gas);
#else
struct polis_native_call {
    const void* to;
    const void* method;
    size_t method_size;
    const void* input;
    size_t input_size;
    uint64_t value;
    uint64_t gas;
};

int32_t polis_host_call(const polis_native_call& call);
#endif
POLIS_IMPORT("returned") int32_t polis_host_returned(void* out, size_t room);
/// out = a * b / c, each 16 bytes, and 1; or 0.
POLIS_IMPORT("mul_div_128")
int32_t polis_host_mul_div_128(const void* a, const void* b, const void* c, void* out);
POLIS_IMPORT("request_evaluation")
void polis_host_request_evaluation(
    const void* job, size_t size, const void* method, size_t method_size, int64_t gas, void* out);
#if !defined(__wasm__)
/// Memory until the end of the call, aligned to 16 bytes.
void* polis_native_allocate(size_t size);
#endif
}
