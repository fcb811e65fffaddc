#include <core/random.hpp>

#include <bit>

#include <core/integer.hpp>

namespace polis {

namespace {

/// SplitMix64 (Steele, Lea, Flood 2014) spreads a seed over the state.
std::uint64_t split_mix(std::uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31);
}

/// FNV-1a: tells stream names apart; nothing depends on its strength.
std::uint64_t name_hash(std::string_view name) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char character : name) {
        hash = (hash ^ static_cast<std::uint8_t>(character)) * 0x100000001b3ULL;
    }
    return hash;
}

}  // namespace

Random::Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
        word = split_mix(seed);
    }
}

Random::Random(std::uint64_t seed, std::string_view stream)
    : Random(split_mix(seed) ^ name_hash(stream)) {}

/// xoshiro256** 1.0 (Blackman, Vigna 2018).
std::uint64_t Random::next() {
    const std::uint64_t out = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return out;
}

/// Lemire 2019: multiply, and reject the few values that would make some results likelier.
std::uint64_t Random::below(std::uint64_t bound) {
    POLIS_ASSERT_OP(bound, >, 0);
    u128 product = wide_mul(next(), bound);
    if (static_cast<std::uint64_t>(product) < bound) {
        const std::uint64_t threshold = (0 - bound) % bound;
        while (static_cast<std::uint64_t>(product) < threshold) {
            product = wide_mul(next(), bound);
        }
    }
    return static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t Random::between(std::uint64_t first, std::uint64_t last) {
    POLIS_ASSERT_OP(first, <=, last);
    const std::uint64_t span = last - first + 1;
    return span == 0 ? next() : first + below(span);
}

bool Random::chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
}

void Random::fill(std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); i += 8) {
        const std::uint64_t word = next();
        for (std::size_t k = 0; k < 8 && i + k < out.size(); ++k) {
            out[i + k] = static_cast<std::uint8_t>(word >> (8 * k));
        }
    }
}

}  // namespace polis
