// Hashes, signatures, proofs and codecs: what one operation costs.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <sodium.h>

#include <core/bytes.hpp>
#include <core/codec/borsh.hpp>
#include <core/crypto/address.hpp>
#include <core/crypto/domains.hpp>
#include <core/crypto/ecvrf.hpp>
#include <core/crypto/ed25519.hpp>
#include <core/crypto/hash.hpp>
#include <core/merkle.hpp>
#include <core/random.hpp>

namespace polis {
namespace {

Bytes random_bytes(std::size_t count) {
    Random random(1, "core_bench");
    Bytes out(count);
    random.fill(out);
    return out;
}

crypto::Seed fixed_seed() { return crypto::Seed(std::array<std::uint8_t, 32>{1}); }

void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void hash_blake2b(benchmark::State& state) {
    const Bytes message = random_bytes(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::blake2b_256(crypto::kDomainTxnId, message));
    }
    count_bytes(state);
}

void hash_sha3(benchmark::State& state) {
    const Bytes message = random_bytes(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::sha3_256(message));
    }
    count_bytes(state);
}

void ed25519_sign(benchmark::State& state) {
    const crypto::SigningKey key(fixed_seed());
    const Bytes message = random_bytes(32);
    for (auto _ : state) {
        benchmark::DoNotOptimize(key.sign(message));
    }
}

void ed25519_verify(benchmark::State& state) {
    const crypto::SigningKey key(fixed_seed());
    const Bytes message = random_bytes(32);
    const Signature signature = key.sign(message);
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::verify(key.public_key(), message, signature));
    }
}

void ed25519_verify_libsodium(benchmark::State& state) {
    const crypto::SigningKey key(fixed_seed());
    const Bytes message = random_bytes(32);
    const Signature signature = key.sign(message);
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto_sign_verify_detached(
            signature.data.data(), message.data(), message.size(), key.public_key().data.data()));
    }
}

void vrf_prove(benchmark::State& state) {
    const crypto::VrfKey key(fixed_seed());
    const Bytes alpha = random_bytes(48);
    for (auto _ : state) {
        benchmark::DoNotOptimize(key.prove(alpha));
    }
}

void vrf_verify(benchmark::State& state) {
    const crypto::VrfKey key(fixed_seed());
    const Bytes alpha = random_bytes(48);
    const VrfProof proof = key.prove(alpha);
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::vrf_verify(key.public_key(), alpha, proof));
    }
}

void address_to_text(benchmark::State& state) {
    const Address address = Address::from_view(random_bytes(Address::kSize));
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::to_text(address));
    }
}

void address_parse(benchmark::State& state) {
    const std::string text = crypto::to_text(Address::from_view(random_bytes(Address::kSize)));
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::parse_address(text));
    }
}

void merkle_root(benchmark::State& state) {
    std::vector<Hash> leaves(static_cast<std::size_t>(state.range(0)));
    Random random(1, "core_bench");
    for (Hash& leaf : leaves) {
        random.fill(leaf.data);
    }
    for (auto _ : state) {
        benchmark::DoNotOptimize(merkle::root(leaves));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(hash_blake2b)->Arg(64)->Arg(1'024)->Arg(65'536);
BENCHMARK(hash_sha3)->Arg(64)->Arg(1'024)->Arg(65'536);
BENCHMARK(ed25519_sign);
BENCHMARK(ed25519_verify);
BENCHMARK(ed25519_verify_libsodium);
BENCHMARK(vrf_prove);
BENCHMARK(vrf_verify);
BENCHMARK(address_to_text);
BENCHMARK(address_parse);
BENCHMARK(merkle_root)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace polis
